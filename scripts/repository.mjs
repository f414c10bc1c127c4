/**
 * Where the repository is, from package.json, and how the README shown on npm refers to it.
 *
 * node scripts/repository.mjs
 *
 * In a workflow, fails unless package.json names the repository that runs it.
 */
import fs from 'node:fs'
import path from 'node:path'
import { ROOT, fail, isMain } from './tools.mjs'

const { version, repository } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'))

/** A code block or a code span, or a link or an image with a relative target. */
const CODE_OR_LINK =
  /^(```+).*?^\1|(`+)(?!`).*?\2|(?<before>(?<isImage>!?)\[[^[\]]*\]\()(?![a-z]+:|#)(?<target>[^()\s]+)\)/gms

/** https://github.com/OWNER/NAME */
export const repositoryUrl = repository.url.replace(/^git\+|\.git$/g, '')

/** The page with its relative links as links to the tag of this version, because npm's page has no other files. */
export const withAbsoluteLinks = markdown =>
  markdown.replace(CODE_OR_LINK, (found, ...rest) => {
    const { before, isImage, target } = rest.at(-1)
    if (target === undefined) return found
    return `${before}${repositoryUrl}/${isImage ? 'raw' : 'blob'}/v${version}/${target})`
  })

/**
 * npm accepts the provenance of a package only if its `repository` is the one whose workflow publishes, with upper and lower
 * case.
 *
 * @throws {Error} in a workflow of another repository
 */
export const requireRepository = ({ GITHUB_SERVER_URL, GITHUB_REPOSITORY } = process.env) => {
  if (!GITHUB_REPOSITORY) return
  const found = `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}`
  if (found === repositoryUrl) return
  throw new Error(
    `This workflow runs in ${found}, but package.json names ${repositoryUrl}, so npm would refuse the provenance. `
      + `Replace ${repositoryUrl} by ${found} in repository.url, homepage and bugs.`
  )
}

if (isMain(import.meta.url)) {
  try {
    requireRepository()
    process.stdout.write(`${repositoryUrl}\n`)
  } catch (error) {
    fail(error.message)
  }
}
