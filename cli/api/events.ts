import { table } from '../../shared/command/columns.ts';
import { sat, when } from './amounts.ts';
import { apiCommand, gather, handleOf, OF_CREATOR, PAGE } from './api.ts';
import type { EventBody } from './bodies.ts';

const columns = [
  { name: 'TIP', right: true },
  { name: 'SETTLED' },
  { name: 'SAT', right: true },
  { name: 'EVENT' },
];

const cellsOf = ({ data, id }: EventBody) => [
  `#${data.sequence}`,
  when(data.settledAt),
  sat(data.amountMsat),
  id,
];

export const eventCommands = [
  apiCommand({
    name: 'events list',
    words: [],
    flags: {
      ...OF_CREATOR,
      ...PAGE,
      after: { type: 'string', value: 'CURSOR', about: 'those that came after, as the last list told it' },
    },
    summary: 'events as webhooks tell them, oldest first, from where one left off',
    examples: ['events list --creator alice --limit 1000', 'events list --creator alice --json'],
    async run({ values }, { client, width }) {
      const api = await client();
      const handle = await handleOf(api, values.creator);
      let cursor = values.after;
      const { rows, next } = await gather(values.limit, values.after, async ({ from, limit }) => {
        const { body } = await api.ask('listEvents', { query: { handle, after: from, limit } });
        cursor = body.next;
        return { rows: body.events, next: body.more ? body.next : null };
      });
      return {
        body: { events: rows, next: cursor, more: next !== null },
        text: table(columns, rows.map(cellsOf), width),
        note: `${next === null ? 'these are all by now' : 'there are more'}: go on with --after ${cursor}`,
      };
    },
  }),
];
