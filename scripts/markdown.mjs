/**
 * Reads the Markdown pages of the repository: their code blocks with marks, anchors and links.
 *
 * A mark is an HTML comment directly before a block. It says what the tests do with the block (see __test__/docs).
 */
import fs from 'node:fs'
import path from 'node:path'
import { marked } from 'marked'
import { ROOT } from './tools.mjs'

const MARK = /^<!--\s*(?<kind>[^:]+?)(?::\s*(?<subject>.*?))?\s*-->$/s

/** The pages for users: README.md and those in docs/. */
export const userPages = () => [
  'README.md',
  ...fs
    .readdirSync(path.join(ROOT, 'docs'))
    .filter(name => name.endsWith('.md'))
    .sort()
    .map(name => `docs/${name}`)
]

/** All pages in the top folder and in docs/. */
export const allPages = () => [
  ...new Set([
    ...userPages(),
    ...fs
      .readdirSync(ROOT)
      .filter(name => name.endsWith('.md'))
      .sort()
  ])
]

/**
 * @param {string} name path from the top folder
 * @returns `{ name, text, blocks: [{ line, language, text, mark }], anchors, links }`; `line` is the line of the opening fence
 */
export const readPage = name => {
  const text = fs.readFileSync(path.join(ROOT, name), 'utf8')
  const tokens = marked.lexer(text)
  return { name, text, blocks: blocksOf(tokens), anchors: anchorsOf(tokens), links: linksOf(tokens) }
}

const blocksOf = tokens => {
  const blocks = []
  let line = 1
  let mark
  for (const token of tokens) {
    if (token.type === 'code')
      blocks.push({ line, language: token.lang || 'text', text: `${token.text}\n`, mark })
    if (token.type !== 'space') mark = token.type === 'html' ? MARK.exec(token.raw.trim())?.groups : undefined
    line += token.raw.split('\n').length - 1
  }
  return blocks
}

/** The anchors that GitHub creates for headings. */
const anchorsOf = tokens => {
  const seen = new Map()
  return new Set(
    tokens
      .filter(({ type }) => type === 'heading')
      .map(({ tokens: inline }) => {
        const slug = plain(inline)
          .toLowerCase()
          .replace(/[^\p{L}\p{N}\s_-]/gu, '')
          .replace(/\s/g, '-')
        const times = seen.get(slug) ?? 0
        seen.set(slug, times + 1)
        return times === 0 ? slug : `${slug}-${times}`
      })
  )
}

const plain = inline =>
  inline
    .map(({ tokens, text, raw }) => (tokens ? plain(tokens) : (text ?? raw)))
    .join('')
    .replace(
      /&(lt|gt|amp|quot|#39);/g,
      (_, entity) => ({ 'lt': '<', 'gt': '>', 'amp': '&', 'quot': '"', '#39': "'" })[entity]
    )

const linksOf = tokens => {
  const links = []
  marked.walkTokens(tokens, ({ type, href }) => {
    if (type === 'link' || type === 'image') links.push(href)
  })
  return links
}
