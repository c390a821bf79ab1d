import { createHash } from 'node:crypto'
import type { Exchange } from '../http/exchange.ts'
import { octetsOf, text, type Reply } from '../http/reply.ts'
import type { Reading } from '../http/router.ts'
import type { OwnUrl } from './base-url.ts'

const host = /^[A-Za-z0-9.-]{1,255}(?::\d{1,5})?$|^\[[0-9A-Fa-f:.]{2,45}\](?::\d{1,5})?$/

// Behind a reverse proxy only the browser knows the scheme and the prefix under which we are seen.
const script =
  "for (const place of document.querySelectorAll('.url')) place.textContent = new URL('.', location).href"

const scriptHash = createHash('sha256').update(script).digest('base64')

const headers = [
  'Content-Type',
  'text/html; charset=utf-8',
  'Cache-Control',
  'no-store',
  'Content-Security-Policy',
  `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${scriptHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
]

const page = (root: string, url = `<span class="url">${root}</span>`): string => `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>proxypypi</title>
<style>body{font:16px/1.5 sans-serif;max-width:46em;margin:2em auto;padding:0 1em}pre{background:#f4f4f4;padding:1em;overflow:auto}</style>
</head>
<body>
<h1>proxypypi</h1>
<p>This server is a Python package index: it fetches what is asked for once, keeps it, and serves it
beside the private packages of its directory.</p>
<h2>pip</h2>
<pre>pip install --index-url ${url}simple/ PACKAGE</pre>
<p>for good: <code>pip config set global.index-url ${url}simple/</code></p>
<h2>uv</h2>
<pre>uv add --default-index ${url}simple/ PACKAGE</pre>
<p>for good: <code>UV_DEFAULT_INDEX=${url}simple/</code></p>
<h2>poetry</h2>
<pre>poetry source add --priority=primary proxypypi ${url}simple/</pre>
<h2>Here</h2>
<ul>
<li><a href="simple/">all projects</a></li>
<li><a href="local/">projects with files in the directory</a></li>
</ul>
<script>${script}</script>
</body>
</html>
`

/** The page for people. The URL is the one that this visitor used; nothing of it is kept for others (fault X03). */
export const homeRoute = ({ fallback, outside }: OwnUrl): Reading => ({
  GET: (exchange: Exchange, rest): Reply => {
    if (rest.length > 0) return text(404, 'not found: no such path')
    const asked = exchange.header('host') ?? ''
    const url = outside ?? (host.test(asked) ? `http://${asked}/` : fallback)
    return { status: 200, headers, body: octetsOf(page(url)) }
  },
})
