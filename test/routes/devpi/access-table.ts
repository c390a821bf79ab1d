/** Who may do what through devpi's interface: the statuses of each route (devpi-api 2 and 5). */

/** Who asks: nobody, somebody with credentials that are no good, and three users. */
export const roles = ['anonymous', 'wrong', 'expired', 'other', 'owner', 'root'] as const

export type Role = (typeof roles)[number]

/** One request, made by each in turn, with everything it needs made anew for each. */
export interface AccessRow {
  readonly title: string
  readonly method: string
  /**
   * `INDEX` stands for an index of the owner, `USER` for the owner when that is who it is about, `NEW`
   * for a name that nobody has. The index holds `acme-1.0-py3-none-any.whl`, at `FILE`.
   */
  readonly path: string
  /** JSON, with the same words in it; a text is sent as a form. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Of the index. */
  readonly settings?: object
  /** In the order of `roles`. */
  readonly expected: readonly [number, number, number, number, number, number]
}

const everybody = (status: number): AccessRow['expected'] => [
  status,
  status,
  status,
  status,
  status,
  status,
]

/** Strangers get the first, whoever owns it and root the second. */
const ownerAndRoot = (no: number, yes: number): AccessRow['expected'] => [no, no, no, no, yes, yes]

const html = { accept: 'text/html' }
const secret = { acl_read: ['alice'] }
const testers = { acl_toxresult_upload: ['alice'] }
// Nobody in particular is asked who that is, a user is refused.
const reading = [401, 401, 401, 403, 200, 200] as const
const form = '--b\r\nContent-Disposition: form-data; name=":action"\r\n\r\nnonsense\r\n--b--\r\n'
const multipart = { 'content-type': 'multipart/form-data; boundary=b' }
const push = { name: 'acme', version: '1.0', targetindex: 'INDEX' }

/** Extend it with each route. */
export const accessTable: readonly AccessRow[] = [
  { title: 'all users', method: 'GET', path: '/', expected: everybody(200) },
  { title: '+api', method: 'GET', path: '/+api', expected: everybody(200) },
  { title: '+api of an index', method: 'GET', path: '/INDEX/+api', expected: everybody(200) },
  { title: '+status', method: 'GET', path: '/+status', expected: everybody(200) },
  {
    title: '+authcheck',
    method: 'GET',
    path: '/+authcheck',
    headers: { 'x-original-uri': '/INDEX/+simple/' },
    expected: everybody(200),
  },
  {
    title: '+authcheck of a secret index',
    method: 'GET',
    path: '/+authcheck',
    headers: { 'x-original-uri': '/INDEX/+simple/', 'user-agent': 'pip/24' },
    settings: secret,
    expected: reading,
  },
  {
    title: 'a login, whatever came along',
    method: 'POST',
    path: '/+login',
    body: { user: 'alice', password: 'alice' },
    expected: everybody(200),
  },
  {
    title: 'a wrong login',
    method: 'POST',
    path: '/+login',
    body: { user: 'nobody', password: 'x' },
    expected: everybody(401),
  },
  { title: 'a user', method: 'GET', path: '/USER', expected: everybody(200) },
  {
    title: 'a new user',
    method: 'PUT',
    path: '/NEW',
    body: { password: '' },
    expected: [403, 403, 403, 403, 403, 201],
  },
  {
    title: 'a change of a user',
    method: 'PATCH',
    path: '/USER',
    body: { title: 'x' },
    expected: ownerAndRoot(403, 200),
  },
  {
    title: 'a new password',
    method: 'PATCH',
    path: '/USER',
    body: { password: '' },
    expected: ownerAndRoot(403, 200),
  },
  { title: 'a user’s end', method: 'DELETE', path: '/USER', expected: ownerAndRoot(403, 200) },
  { title: 'root’s end', method: 'DELETE', path: '/root', expected: everybody(403) },
  { title: 'an index', method: 'GET', path: '/INDEX', expected: everybody(200) },
  {
    title: 'an index for a browser',
    method: 'GET',
    path: '/INDEX',
    headers: html,
    expected: everybody(302),
  },
  {
    title: 'a new index',
    method: 'PUT',
    path: '/alice/NEW',
    body: {},
    expected: ownerAndRoot(403, 200),
  },
  {
    title: 'a change of an index',
    method: 'PATCH',
    path: '/INDEX',
    body: ['title=x'],
    expected: ownerAndRoot(403, 200),
  },
  { title: 'an index’s end', method: 'DELETE', path: '/INDEX', expected: ownerAndRoot(403, 201) },
  {
    title: 'an upload: root is not listed',
    method: 'POST',
    path: '/INDEX/',
    body: form,
    headers: multipart,
    expected: [401, 401, 401, 403, 400, 403],
  },
  {
    title: 'a push by its verb: only those who may upload to the target',
    method: 'PUSH',
    path: '/alice/source',
    body: push,
    expected: [401, 401, 401, 401, 200, 401],
  },
  {
    title: 'a push by POST',
    method: 'POST',
    path: '/alice/source',
    body: push,
    expected: [401, 401, 401, 401, 200, 401],
  },
  {
    title: 'a push of what is not for everybody',
    method: 'PUSH',
    path: '/INDEX',
    body: { ...push, targetindex: 'alice/source' },
    settings: secret,
    expected: [401, 401, 401, 403, 200, 401],
  },
  {
    title: 'the list of projects',
    method: 'GET',
    path: '/INDEX/+simple/',
    expected: everybody(200),
  },
  {
    title: 'a secret list of projects',
    method: 'GET',
    path: '/INDEX/+simple/',
    settings: secret,
    expected: reading,
  },
  { title: 'a page', method: 'GET', path: '/INDEX/+simple/acme/', expected: everybody(200) },
  {
    title: 'a secret page',
    method: 'GET',
    path: '/INDEX/+simple/acme/',
    settings: secret,
    expected: reading,
  },
  {
    title: 'a refresh',
    method: 'POST',
    path: '/INDEX/+simple/acme/refresh',
    expected: everybody(302),
  },
  {
    title: 'a refresh of a secret page',
    method: 'POST',
    path: '/INDEX/+simple/acme/refresh',
    settings: secret,
    expected: [401, 401, 401, 403, 302, 302],
  },
  { title: 'a file', method: 'GET', path: '/FILE', expected: everybody(200) },
  { title: 'a secret file', method: 'GET', path: '/FILE', settings: secret, expected: reading },
  {
    title: 'a file’s end',
    method: 'DELETE',
    path: '/FILE?force',
    expected: ownerAndRoot(403, 200),
  },
  { title: 'a test result', method: 'POST', path: '/FILE', body: {}, expected: everybody(200) },
  {
    title: 'a test result where not everybody may',
    method: 'POST',
    path: '/FILE',
    body: {},
    settings: testers,
    expected: [403, 403, 403, 403, 200, 403],
  },
  {
    title: 'attestations that are not there',
    method: 'GET',
    path: '/INDEX/+integrity/acme/1.0/acme-1.0-py3-none-any.whl/provenance',
    expected: everybody(404),
  },
  {
    title: 'secret attestations that are not there',
    method: 'GET',
    path: '/INDEX/+integrity/acme/1.0/acme-1.0-py3-none-any.whl/provenance',
    settings: secret,
    expected: [401, 401, 401, 403, 404, 404],
  },
  { title: 'a project', method: 'GET', path: '/INDEX/acme', expected: everybody(200) },
  {
    title: 'a secret project',
    method: 'GET',
    path: '/INDEX/acme',
    settings: secret,
    expected: reading,
  },
  {
    title: 'a project’s end',
    method: 'DELETE',
    path: '/INDEX/acme',
    expected: ownerAndRoot(403, 200),
  },
  { title: 'a version', method: 'GET', path: '/INDEX/acme/1.0', expected: everybody(200) },
  {
    title: 'a secret version',
    method: 'GET',
    path: '/INDEX/acme/1.0',
    settings: secret,
    expected: reading,
  },
  {
    title: 'a version’s end',
    method: 'DELETE',
    path: '/INDEX/acme/1.0',
    expected: ownerAndRoot(403, 200),
  },
  {
    title: 'documentation that is not there',
    method: 'GET',
    path: '/INDEX/acme/1.0/+doc/index.html',
    expected: everybody(404),
  },
  {
    title: 'secret documentation that is not there',
    method: 'GET',
    path: '/INDEX/acme/1.0/+doc/index.html',
    settings: secret,
    expected: [401, 401, 401, 403, 404, 404],
  },
]
