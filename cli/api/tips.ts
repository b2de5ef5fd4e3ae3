import { fields, table } from '../../shared/command/columns.ts';
import { UsageError } from '../../shared/command/failures.ts';
import { readCount } from '../../shared/command/numbers.ts';
import { jsonLine, plain } from '../../shared/command/terminal.ts';
import { sat, when } from './amounts.ts';
import { apiCommand, gather, handleOf, moreNote, OF_CREATOR, PAGE } from './api.ts';
import type { TipBody } from './bodies.ts';
import type { Client } from './client.ts';

/** What options are called now; those that are gone have their id alone. */
async function labelsOf(client: Client, handle: string): Promise<(optionId: string) => string> {
  const { body } = await client.ask('getCreator', { params: { handle } });
  return (optionId) => body.options.find(({ id }) => id === optionId)?.label || optionId;
}

const numberOf = ({ sequence }: TipBody) => `#${sequence}`;
const whoOf = ({ sender, belowMinimum }: TipBody) =>
  `${sender ?? ''}${belowMinimum ? ' (below the minimum)' : ''}`;

/** One line for a tip that has just come. */
function lineOf(tip: TipBody, labelOf: (optionId: string) => string): string {
  const words = [
    numberOf(tip),
    when(tip.settledAt),
    `${sat(tip.amountMsat)} sat`,
    plain(labelOf(tip.optionId)),
    plain(whoOf(tip)),
    plain(tip.message ?? ''),
  ];
  return words.filter((word) => word !== '').join('  ');
}

const told = (tip: TipBody) => ({
  body: tip,
  text: fields([
    ['tip', numberOf(tip)],
    ['settled', when(tip.settledAt)],
    ['sat', sat(tip.amountMsat)],
    ['option', tip.optionId],
    ['from', tip.sender],
    ['message', tip.message],
    ['feed', tip.belowMinimum ? 'kept out, below the minimum' : undefined],
    ['by', `${tip.via}, ${tip.shards} ${tip.shards === 1 ? 'shard' : 'shards'}`],
    ['set id', tip.setId],
    ['address', tip.paymentAddr],
  ]),
});

/** What names a tip: its set id, or its number as lists show it. @throws UsageError */
const readTip = (word: string): string | number =>
  /^[0-9a-f]{64}$/.test(word) ? word : readCount('TIP', word.replace(/^#/, ''), 1);

/** The set id of a tip. @throws UsageError */
async function setIdOf(client: Client, handle: string, named: string | number): Promise<string> {
  if (typeof named === 'string') return named;
  const query = { before: String(named + 1), limit: '1' };
  const { body } = await client.ask('listTips', { params: { handle }, query });
  const [tip] = body.tips;
  if (tip?.sequence === String(named)) return tip.setId;
  throw new UsageError(`TIP: ${handle} has no tip #${named}`);
}

const columns = [
  { name: 'TIP', right: true },
  { name: 'SETTLED' },
  { name: 'SAT', right: true },
  { name: 'OPTION', cuts: true },
  { name: 'FROM', cuts: true },
  { name: 'MESSAGE', cuts: true },
];

export const tipCommands = [
  apiCommand({
    name: 'tips list',
    words: [],
    flags: {
      ...OF_CREATOR,
      ...PAGE,
      before: { type: 'string', value: 'N', about: 'those with a smaller number' },
      follow: { type: 'boolean', about: 'tell of tips as they come, oldest first, until stopped' },
      after: {
        type: 'string',
        value: 'N',
        about: 'with --follow: begin after this tip; else with the next one',
      },
    },
    summary: 'all tips, newest first; with --follow those that come, each once and none left out',
    more: `With --follow --json there is a line for each tip: the event as webhooks tell it. To go on later, give --after the
data.sequence of the last line. Without an answer it tries again until there is one.`,
    examples: [
      'tips list --creator alice',
      'tips list --creator alice --limit 1000 --json',
      'tips list --creator alice --follow',
      'tips list --creator alice --follow --after 37 --json',
    ],
    async run({ values }, parts) {
      const { client, width, print } = parts;
      const { before, after, limit, json } = values;
      if (values.follow && (before !== undefined || limit !== undefined))
        throw new UsageError('--follow: --before and --limit have no meaning with it');
      if (!values.follow && after !== undefined) throw new UsageError('--after: needs --follow');
      if (before !== undefined) readCount('--before', before, 1);
      const start = after === undefined ? undefined : readCount('--after', after.replace(/^#/, ''), 0);
      const api = await client();
      const handle = await handleOf(api, values.creator);
      if (values.follow) {
        const labelOf = json ? undefined : await labelsOf(api, handle);
        const { follow } = await import('./follow.ts');
        await follow(api, { handle, after: start }, parts, (event) =>
          print(labelOf ? lineOf(event.data, labelOf) : jsonLine(event)),
        );
        return {};
      }
      const read = gather(limit, before, async ({ from, limit }) => {
        const { body } = await api.ask('listTips', { params: { handle }, query: { before: from, limit } });
        return { rows: body.tips, next: body.next };
      });
      const [{ rows, next }, labelOf] = await Promise.all([read, json ? String : labelsOf(api, handle)]);
      const cells = rows.map((tip) => [
        numberOf(tip),
        when(tip.settledAt),
        sat(tip.amountMsat),
        labelOf(tip.optionId),
        whoOf(tip),
        tip.message ?? '',
      ]);
      return {
        body: { tips: rows, next },
        text: table(columns, cells, width),
        note: moreNote('before', next),
      };
    },
  }),
  apiCommand({
    name: 'tips show',
    words: ['TIP'],
    flags: OF_CREATOR,
    summary: 'one tip, by its number or set id, with all that is known of it',
    examples: ['tips show 37 --creator alice'],
    async run({ words, values }, { client }) {
      const named = readTip(words[0]!);
      const api = await client();
      const handle = await handleOf(api, values.creator);
      const params = { handle, setId: await setIdOf(api, handle, named) };
      return told((await api.ask('getTip', { params })).body);
    },
  }),
  apiCommand({
    name: 'tips erase',
    words: ['TIP'],
    flags: OF_CREATOR,
    summary: 'erase what the payer wrote, message and name; the money is not touched',
    more: 'It can’t be had back.',
    examples: ['tips erase 37 --creator alice'],
    async run({ words, values }, { client }) {
      const named = readTip(words[0]!);
      const api = await client();
      const handle = await handleOf(api, values.creator);
      const params = { handle, setId: await setIdOf(api, handle, named) };
      return told((await api.ask('eraseText', { params })).body);
    },
  }),
];
