/** Icons of 24 × 24, drawn with strokes. */
const icon = paths => `<svg viewBox="0 0 24 24" aria-hidden="true">${paths}</svg>`
const rows = (start, ...heights) => heights.map(y => `<path d="M${start} ${y}H20"/>`).join('')

export const ICONS = {
  text: icon('<path d="M5 6V5h14v1M12 5v14M9.5 19h5"/>'),
  bold: icon('<path d="M7 5h6a3.5 3.5 0 010 7H7zM7 12h7a3.5 3.5 0 010 7H7z" stroke-width="2.2"/>'),
  italic: icon('<path d="M10 5h8M6 19h8M14.5 5l-5 14"/>'),
  code: icon('<path d="M8.5 7L4 12l4.5 5M15.5 7l4.5 5-4.5 5"/>'),
  link: icon(
    '<path d="M10 14a4 4 0 005.7 0l3-3A4 4 0 0013 5.3l-1.2 1.2M14 10a4 4 0 00-5.7 0l-3 3A4 4 0 0011 18.7l1.2-1.2"/>'
  ),
  heading1: icon('<path d="M4 6v12M12 6v12M4 12h8M16.5 11l2.5-2v9"/>'),
  heading2: icon('<path d="M4 6v12M11 6v12M4 12h7M15 11.2c0-3 5-3 5-.2 0 2.2-5 3.6-5 7h5"/>'),
  bulletList: icon(
    `${rows(10, 6, 12, 18)}<g class="solid"><circle cx="5" cy="6" r="1.6"/><circle cx="5" cy="12" r="1.6"/><circle cx="5" cy="18" r="1.6"/></g>`
  ),
  orderedList: icon(`${rows(10, 6, 12, 18)}<path d="M4 5l1.5-1v5M3.5 14.6c.4-1.5 3-1.3 2.6.2L3.6 19h3"/>`),
  taskList: icon(
    `${rows(12, 7, 17)}<rect x="3.5" y="13.5" width="5.5" height="6" rx="1.2"/><path d="M3.2 6.8l2.3 2.3L9.4 4.8"/>`
  ),
  quote: icon(`<path d="M5 5v14"/>${rows(9, 7, 12, 17)}`),
  codeBlock: icon(
    '<rect x="3.5" y="4.5" width="17" height="15" rx="2.5"/><path d="M9.5 9.5L7 12l2.5 2.5M14.5 9.5L17 12l-2.5 2.5"/>'
  ),
  divider: icon('<path d="M4 12h16M8 7h8M8 17h8" stroke-dasharray="0"/>'),
  image: icon(
    '<rect x="3.5" y="5" width="17" height="14" rx="2.5"/><circle cx="8.8" cy="10" r="1.5"/><path d="M4.5 17l5-4 3 2.5 4-4.5 4 4"/>'
  ),
  undo: icon('<path d="M8 5L4 9l4 4M4 9h10a5.5 5.5 0 010 11h-3"/>'),
  redo: icon('<path d="M16 5l4 4-4 4M20 9H10a5.5 5.5 0 000 11h3"/>')
}
