const special = /[&<>"'\r\n]/
const each = /[&<>"']|[\r\n]+/g

const entities: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
])

/** A text as HTML, in an element or in an attribute, on one line (SA-64). */
export const escape = (text: string): string =>
  special.test(text) ? text.replace(each, found => entities.get(found) ?? ' ') : text

/** The beginning of a simple page, as far as the links. */
export const pageHead = (
  title: string,
  version: string,
  metas: readonly string[] = [],
): string => `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="pypi:repository-version" content="${escape(version)}">
${metas.map(meta => `${meta}\n`).join('')}<title>${escape(title)}</title>
</head>
<body>
`

/** The end of a simple page. */
export const pageFoot = '</body>\n</html>\n'
