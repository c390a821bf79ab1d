import type { Command } from './command.ts'
import { onSelected, selectedOperands } from './selected.ts'

/** Takes files out of the index; named so since `delete` is a word of the language. */
export const deleteFiles: Command = {
  name: 'delete',
  group: 'Publishing',
  operands: selectedOperands,
  summary: 'take private files away',
  details:
    'Takes uploaded files, and such as were put there by hand, out of the index. Their names stay ' +
    'reserved: other bytes cannot be uploaded under them. Their bytes are kept, and restore brings ' +
    'them back; a volatile index keeps nothing. Files from an upstream are refused. Exits with 1 when ' +
    'there is no such file.',
  examples: [
    ['proxypypi delete acme==1.2', 'a release'],
    ['proxypypi delete acme-1.2.tar.gz', 'one file'],
    ['proxypypi delete alice/dev acme==1.2', 'in the index alice/dev'],
  ],
  execute: invocation =>
    onSelected(invocation, 'deleted', (stage, name, selection) =>
      stage.remove(name, selection, undefined),
    ),
}
