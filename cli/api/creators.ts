import { fields, table } from '../../shared/command/columns.ts';
import { UsageError } from '../../shared/command/failures.ts';
import { SHOWS } from '../../shared/contract/choices.ts';
import { readLimits, readSat, sat, when } from './amounts.ts';
import { API, apiCommand, gather, handleOf, IF_MATCH, moreNote, PAGE } from './api.ts';
import type { CreatorBody, InvoicesBody, TotalsBody } from './bodies.ts';
import { optionTable } from './options.ts';

const limitsOf = ({ limits }: CreatorBody) =>
  limits ? `${sat(limits.leastMsat)} to ${sat(limits.mostMsat)} sat` : 'the service’s own';

const profile = (creator: CreatorBody): [string, string | undefined][] => [
  ['handle', creator.handle],
  ['name', creator.name],
  ['status', creator.status],
  ['shows', creator.shows],
  ['minimum', creator.minimumMsat === null ? 'none' : `${sat(creator.minimumMsat)} sat`],
  ['invoices', limitsOf(creator)],
  ['since', when(creator.createdAt)],
];

const shows = { type: 'string', value: 'WHAT', oneOf: SHOWS, about: 'what the public sees of tips' } as const;

const told = ({ body, etag }: { body: CreatorBody; etag: string | undefined }) => ({
  body: { creator: body, etag },
  text: fields(profile(body)),
});

function wholeOf(
  creator: CreatorBody,
  invoices: InvoicesBody,
  totals: TotalsBody,
  width: number | undefined,
): string {
  const sums = `${totals.count}, together ${sat(totals.amountMsat)} sat`;
  const options = optionTable(creator.options, invoices, totals, width);
  return `${fields([...profile(creator), ['tips', sums]])}\n\n${options}`;
}

export const creatorCommands = [
  apiCommand({
    name: 'creators list',
    words: [],
    flags: { ...API, ...PAGE, after: { type: 'string', value: 'HANDLE', about: 'those after it' } },
    summary: 'all creators by handle; for the operator',
    examples: ['creators list', 'creators list --limit 1000 --json'],
    async run({ values }, { client, width }) {
      const api = await client();
      const { rows, next } = await gather(values.limit, values.after, async ({ from, limit }) => {
        const { body } = await api.ask('listCreators', { query: { after: from, limit } });
        return { rows: body.creators, next: body.next };
      });
      const columns = [
        { name: 'HANDLE' },
        { name: 'NAME', cuts: true },
        { name: 'STATUS' },
        { name: 'SHOWS' },
        { name: 'OPTIONS', right: true },
        { name: 'SINCE' },
      ];
      const cells = rows.map((each) => [
        each.handle,
        each.name,
        each.status,
        each.shows,
        String(each.options.length),
        when(each.createdAt),
      ]);
      return {
        body: { creators: rows, next },
        text: table(columns, cells, width),
        note: moreNote('after', next),
      };
    },
  }),
  apiCommand({
    name: 'creators add',
    words: ['HANDLE'],
    flags: {
      ...API,
      name: { type: 'string', value: 'NAME', needed: true, about: 'what the creator is called' },
      shows,
    },
    summary: 'a new creator, with an open tip option; for the operator',
    examples: ['creators add alice --name Alice', 'creators add bob --name "Bob B." --shows messages'],
    async run({ words, values: { name, shows } }, { client }) {
      const body = { handle: words[0], name, ...(shows !== undefined && { shows }) };
      return told(await (await client()).ask('createCreator', { body }));
    },
  }),
  apiCommand({
    name: 'creators show',
    words: ['[HANDLE]'],
    flags: API,
    summary: 'profile, tip options with their invoices, totals',
    examples: ['creators show alice', 'creators show alice --json'],
    async run({ words }, { client, width }) {
      const api = await client();
      const params = { handle: await handleOf(api, words[0]) };
      const [{ body: creator, etag }, { body: invoices }, { body: totals }] = await Promise.all([
        api.ask('getCreator', { params }),
        api.ask('listInvoices', { params }),
        api.ask('getTotals', { params }),
      ]);
      return {
        body: { creator, etag, ...invoices, totals },
        text: wholeOf(creator, invoices, totals, width),
      };
    },
  }),
  apiCommand({
    name: 'creators edit',
    words: ['[HANDLE]'],
    flags: {
      ...API,
      ...IF_MATCH,
      name: { type: 'string', value: 'NAME', about: 'what the creator is called' },
      shows,
      minimum: {
        type: 'string',
        value: 'SAT',
        about: 'keep smaller tips out of feed, webhooks and the live page from now on; 0 lets all in',
      },
      least: { type: 'string', value: 'SAT', about: 'the least that an invoice can be asked for' },
      most: { type: 'string', value: 'SAT', about: 'the most that an invoice can be asked for' },
      'no-limits': { type: 'boolean', about: 'the service’s own bounds for invoices' },
    },
    summary: 'change what a creator is called, shows and takes; what is left out stays',
    examples: [
      'creators edit alice --shows messages --minimum 10',
      'creators edit alice --least 1 --most 100000',
      'creators edit alice --no-limits',
    ],
    async run({ words, values }, { client }) {
      const { name, shows, minimum, least, most } = values;
      if ((least === undefined) !== (most === undefined))
        throw new UsageError('--least and --most: one needs the other');
      if (least !== undefined && values['no-limits'])
        throw new UsageError('--no-limits: excludes --least and --most');
      const limits = least === undefined || most === undefined ? null : readLimits(least, most);
      const body = {
        ...(name !== undefined && { name }),
        ...(shows !== undefined && { shows }),
        ...(minimum !== undefined && { minimumMsat: readSat('minimum', minimum) }),
        ...((limits || values['no-limits']) && { limits }),
      };
      if (Object.keys(body).length === 0)
        throw new UsageError('creators edit: nothing to change; see --help for what can be');
      const api = await client();
      const params = { handle: await handleOf(api, words[0]) };
      return told(await api.ask('changeCreator', { params, body, ifMatch: values['if-match'] }));
    },
  }),
  apiCommand({
    name: 'creators close',
    words: ['HANDLE'],
    flags: { ...API, ...IF_MATCH },
    summary: 'take no more tips; nothing is deleted, and what still arrives is booked',
    examples: ['creators close alice'],
    async run({ words, values }, { client }) {
      const params = { handle: words[0]! };
      return told(await (await client()).ask('closeCreator', { params, ifMatch: values['if-match'] }));
    },
  }),
  apiCommand({
    name: 'creators reopen',
    words: ['HANDLE'],
    flags: API,
    summary: 'open a closed creator again, with the tip options of before',
    examples: ['creators reopen alice'],
    async run({ words }, { client }) {
      return told(await (await client()).ask('reopenCreator', { params: { handle: words[0]! } }));
    },
  }),
];
