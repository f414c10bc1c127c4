/**
 * A Prettier plugin: Prettier pads the columns of every Markdown table unless `proseWrap` is `never`, which makes lines of 500
 * characters. With this, paragraphs wrap and a table too wide for the page is written without padding.
 */

import * as markdown from 'prettier/plugins/markdown'

const { mdast } = markdown.printers

export const { languages, parsers } = markdown

export const printers = {
  mdast: {
    ...mdast,
    print: (path, options, print, args) =>
      mdast.print(
        path,
        path.node.type === 'table' ? { ...options, proseWrap: 'never' } : options,
        print,
        args
      )
  }
}
