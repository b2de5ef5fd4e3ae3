import { fields, table } from '../../shared/command/columns.ts';
import { readFixedSat, sat, when } from './amounts.ts';
import { apiCommand, handleOf, IF_MATCH, OF_CREATOR } from './api.ts';
import type { InvoicesBody, OptionBody, TotalsBody } from './bodies.ts';

const amountOf = ({ amountMsat }: OptionBody) => (amountMsat === null ? 'any' : sat(amountMsat));

/** Tip options with their invoices, and, where they were read, what came in by each. */
export function optionTable(
  options: readonly OptionBody[],
  { invoices }: InvoicesBody,
  totals: TotalsBody | undefined,
  width: number | undefined,
): string {
  const columns = [
    { name: 'OPTION' },
    { name: 'LABEL', cuts: true },
    { name: 'SAT', right: true },
    { name: 'INVOICE UNTIL' },
    ...(totals
      ? [
          { name: 'TIPS', right: true },
          { name: 'SUM SAT', right: true },
        ]
      : []),
  ];
  const cells = options.map((option) => {
    const expiresAt = invoices.find(({ optionId }) => optionId === option.id)?.expiresAt;
    const sums = totals?.options.find(({ id }) => id === option.id);
    return [
      option.id,
      option.label,
      amountOf(option),
      expiresAt ? when(expiresAt) : 'being made',
      ...(totals ? [sums?.count ?? '0', sat(sums?.amountMsat ?? '0')] : []),
    ];
  });
  return table(columns, cells, width);
}

const told = (option: OptionBody) => ({
  body: option,
  text: fields([
    ['option', option.id],
    ['label', option.label],
    ['sat', amountOf(option)],
  ]),
});

export const optionCommands = [
  apiCommand({
    name: 'options list',
    words: [],
    flags: OF_CREATOR,
    summary: 'tip options, with what each hands out now',
    examples: ['options list --creator alice'],
    async run({ values }, { client, width }) {
      const api = await client();
      const params = { handle: await handleOf(api, values.creator) };
      const [{ body: creator, etag }, { body: invoices }] = await Promise.all([
        api.ask('getCreator', { params }),
        api.ask('listInvoices', { params }),
      ]);
      return {
        body: { options: creator.options, etag, ...invoices },
        text: optionTable(creator.options, invoices, undefined, width),
      };
    },
  }),
  apiCommand({
    name: 'options add',
    words: [],
    flags: {
      ...OF_CREATOR,
      label: { type: 'string', value: 'LABEL', needed: true, about: 'what the amount is for' },
      amount: { type: 'string', value: 'SAT', needed: true, about: 'the fixed amount' },
    },
    summary: 'a new tip option of a fixed amount; its invoice is there in a moment',
    examples: ['options add --creator alice --label "A coffee" --amount 3000'],
    async run({ values: { creator, label, amount } }, { client }) {
      const body = { label, amountMsat: readFixedSat('amount', amount) };
      const api = await client();
      const params = { handle: await handleOf(api, creator) };
      return told((await api.ask('createOption', { params, body })).body);
    },
  }),
  apiCommand({
    name: 'options label',
    words: ['OPTION', 'LABEL'],
    flags: { ...OF_CREATOR, ...IF_MATCH },
    summary: 'another label; the amount stays, for printed codes say it',
    examples: ['options label k7fq2mzt4x "A large coffee" --creator alice'],
    async run({ words: [optionId, label], values }, { client }) {
      const api = await client();
      const params = { handle: await handleOf(api, values.creator), optionId: optionId! };
      const asked = { params, body: { label }, ifMatch: values['if-match'] };
      return told((await api.ask('changeOption', asked)).body);
    },
  }),
  apiCommand({
    name: 'options remove',
    words: ['OPTION'],
    flags: { ...OF_CREATOR, ...IF_MATCH },
    summary: 'take a tip option away; what is still paid to its invoice is the creator’s',
    examples: ['options remove k7fq2mzt4x --creator alice'],
    async run({ words: [optionId], values }, { client }) {
      const api = await client();
      const params = { handle: await handleOf(api, values.creator), optionId: optionId! };
      await api.ask('deleteOption', { params, ifMatch: values['if-match'] });
      return { body: { removed: optionId }, text: `removed ${optionId}` };
    },
  }),
  apiCommand({
    name: 'options rotate',
    words: ['OPTION'],
    flags: OF_CREATOR,
    summary: 'a new invoice for a tip option; the old one stays payable until it expires',
    examples: ['options rotate k7fq2mzt4x --creator alice'],
    async run({ words: [optionId], values }, { client }) {
      const api = await client();
      const params = { handle: await handleOf(api, values.creator), optionId: optionId! };
      return told((await api.ask('rotateOption', { params })).body);
    },
  }),
];
