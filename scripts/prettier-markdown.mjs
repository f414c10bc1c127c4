/**
 * A Prettier plugin that wraps paragraphs but does not pad the columns of wide Markdown tables. Prettier itself pads every
 * table unless `proseWrap` is `never`, and the padded lines have up to 500 characters.
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
