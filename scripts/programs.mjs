/**
 * Reads the programs in the pages. It imports no packages, because the release tests its packages where nothing is installed.
 */
import fs from 'node:fs'
import path from 'node:path'
import { ROOT } from './tools.mjs'

/** The block of a page with the mark `<!-- program: FILE_NAME -->` directly before it. */
export const programOf = (page, fileName) => {
  const text = fs.readFileSync(path.join(ROOT, page), 'utf8').replace(/\r\n/g, '\n')
  const [, after] = text.split(`\n<!-- program: ${fileName} -->\n`)
  const block = /^\n*```\w+\n(?<code>.*?\n)```\n/s.exec(after ?? '')
  if (!block) throw new Error(`${page} has no block marked <!-- program: ${fileName} -->`)
  return block.groups.code
}

/** The lines that a program should print, from its comments `// → …`. */
export const shownIn = text => [...text.matchAll(/\/\/ → (.*)$/gm)].map(found => found[1])
