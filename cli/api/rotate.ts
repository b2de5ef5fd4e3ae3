import { table } from '../../shared/command/columns.ts';
import { apiCommand, handleOf, OF_CREATOR } from './api.ts';
import type { OptionBody } from './bodies.ts';
import { RefusedError } from './failures.ts';

/** A refusal of one option leaves the others to be rotated. */
const refusal = (error: unknown) => {
  if (error instanceof RefusedError) return error;
  throw error;
};

export const rotateCommands = [
  apiCommand({
    name: 'rotate',
    words: [],
    flags: OF_CREATOR,
    summary: 'new invoices for all tip options of a creator; the old ones stay payable until they expire',
    more: 'Exit code 1 when one was refused, as when its invoice is younger than a minute.',
    examples: ['rotate --creator alice'],
    async run({ values }, { client, width }) {
      const api = await client();
      const handle = await handleOf(api, values.creator);
      const { body: creator } = await api.ask('getCreator', { params: { handle } });
      const rotated: OptionBody[] = [];
      const refused: { option: OptionBody; error: RefusedError }[] = [];
      for (const option of creator.options) {
        const params = { handle, optionId: option.id };
        const error = await api.ask('rotateOption', { params }).then(() => undefined, refusal);
        if (error) refused.push({ option, error });
        else rotated.push(option);
      }
      const columns = [{ name: 'OPTION' }, { name: 'LABEL', cuts: true }, { name: 'INVOICE', cuts: true }];
      const cells = [
        ...rotated.map(({ id, label }) => [id, label, 'is being replaced']),
        ...refused.map(({ option: { id, label }, error }) => [id, label, `stays: ${error.message}`]),
      ];
      return {
        body: { rotated, refused: refused.map(({ option, error }) => ({ option, problem: error.problem })) },
        text: table(columns, cells, width),
        code: refused.length > 0 ? 1 : 0,
      };
    },
  }),
];
