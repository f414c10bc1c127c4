/**
 * Parts that the pages name already and that come with another change. A test that meets one is skipped and says so;
 * once the part is there, the test fails until its line here is deleted. To be deleted with its last line.
 */
import fs from 'node:fs'
import path from 'node:path'
import { ROOT } from '../../../scripts/machine.mjs'

const manifest = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'))
const isFile = name => fs.existsSync(path.join(ROOT, name))

/** Each: what a page contains, and whether it is there by now. */
export const AWAITED = {
  'docs/Y-WEBSOCKET.md': isFile('docs/Y-WEBSOCKET.md'),
  'docs/HOCUSPOCUS.md': isFile('docs/HOCUSPOCUS.md'),
  'docs/CLI.md': isFile('docs/CLI.md'),
  'docs/editor.png': isFile('docs/editor.png'),
  'y-dynamodb/hocuspocus': manifest.exports['./hocuspocus'] !== undefined,
  'npx y-dynamodb': manifest.bin !== undefined
}

/** What a block has to wait for, as the reason of a skip; false where nothing is missing. */
export const awaitedBy = text => {
  const found = Object.keys(AWAITED).find(part => text.includes(part))
  return found !== undefined && `waits for ${found}`
}
