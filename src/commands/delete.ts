import type { Command } from './command.ts'
import { onSelected } from './selected.ts'

/** Takes files out of the index; named so since `delete` is a word of the language. */
export const deleteFiles: Command = {
  name: 'delete',
  group: 'Publishing',
  operands: 'PROJECT==VERSION|FILE...',
  summary: 'take private files away',
  details:
    'Takes uploaded files, and such as were put there by hand, out of the index. Their names stay ' +
    'reserved: other bytes cannot be uploaded under them. Their bytes are kept, and restore brings ' +
    'them back. Files from an upstream are refused. Exits with 1 when there is no such file.',
  examples: [
    ['proxypypi delete acme==1.2', 'a release'],
    ['proxypypi delete acme-1.2.tar.gz', 'one file'],
    ['proxypypi restore acme-1.2.tar.gz', 'and take it back'],
  ],
  execute: invocation =>
    onSelected(invocation, 'deleted', ({ stage }, name, selection) =>
      stage.remove(name, selection, undefined),
    ),
}
