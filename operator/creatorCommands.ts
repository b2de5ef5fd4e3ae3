import { CreateTableCommand, ResourceInUseException } from '@aws-sdk/client-dynamodb';
import { AmountError, formatSat, parseSat } from '../shared/contract/money.ts';
import {
  AllowanceError,
  addCreator,
  addOption,
  assignNode,
  type Creator,
  CreatorChangedError,
  CreatorError,
  type CurrentInvoice,
  closeCreator,
  HandleError,
  isHandle,
  type Ledger,
  NodeError,
  readCreator,
  readCreators,
  readCreatorWithInvoice,
  readTotals,
  SHOWS,
  setLimits,
  setMinimum,
  setShows,
  type TipOption,
  type Totals,
  tableDefinition,
} from '../shared/ledger/index.ts';
import { PlaceError } from '../shared/place.ts';
import { commandOf, readWords, UsageError } from './words.ts';

export const HELP = `Usage: npm run creator -- COMMAND [--json] [--table NAME] [--region REGION] [--endpoint URL]

  add HANDLE --name NAME [--shows WHAT]           a new creator, with an open tip option
  option HANDLE --amount SAT --label LABEL        one more tip option, of a fixed amount
  shows HANDLE WHAT                               what the public sees of tips: ${SHOWS.join(', ')}
  minimum HANDLE --amount SAT                     keep smaller tips out of the feed from now on; 0 lets all in
  limits HANDLE --least SAT --most SAT            what an invoice by Lightning Address can be asked for
  show HANDLE                                     profile, tip options with their invoices, totals
  list                                            all creators
  move HANDLE NODE                                another node takes its tips from now on (npm run nodes)
  close HANDLE                                    take no more tips; what still arrives is booked
  init                                            make the table, at an --endpoint of this machine

  --table     the table, or AMPJAR_TABLE; ampjar
  --region    its AWS Region, or AWS_REGION; us-east-1
  --endpoint  where DynamoDB answers, or AMPJAR_ENDPOINT; AWS
  --json      print JSON

Exit code: 0 done, 1 the table could not be reached or refused, or another changed the same creator at the same time,
2 what was asked can't be done.`;

/** Whether another changed the same creator at the same time: nothing was wrong with what was asked. */
export const isCollision = (error: unknown) => error instanceof CreatorChangedError;

/** Whether an error is the asker's to mend (exit code 2), rather than the table's or nobody's (1). */
export const isBadInput = (error: unknown) =>
  !isCollision(error) &&
  [UsageError, PlaceError, AmountError, HandleError, CreatorError, NodeError, AllowanceError].some(
    (kind) => error instanceof kind,
  );

/** What the commands work with: the ledger, the time, randomness, and where lines go. */
export interface Parts {
  readonly ledger: Ledger;
  /** Whether the table is on this machine, where `init` may make it. */
  readonly onLoopback: boolean;
  readonly now: () => Date;
  readonly random: (length: number) => Uint8Array;
  readonly print: (line: string) => void;
}

const OPTIONS = {
  name: { type: 'string' },
  shows: { type: 'string' },
  amount: { type: 'string' },
  label: { type: 'string' },
  least: { type: 'string' },
  most: { type: 'string' },
  table: { type: 'string' },
  region: { type: 'string' },
  endpoint: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Words and flags of each command; each flag of a command is needed unless it is in `may`. */
const COMMANDS = {
  add: { words: ['HANDLE'], must: ['name'], may: ['shows'] },
  option: { words: ['HANDLE'], must: ['amount', 'label'], may: [] },
  shows: { words: ['HANDLE', 'WHAT'], must: [], may: [] },
  minimum: { words: ['HANDLE'], must: ['amount'], may: [] },
  limits: { words: ['HANDLE'], must: ['least', 'most'], may: [] },
  show: { words: ['HANDLE'], must: [], may: [] },
  list: { words: [], must: [], may: [] },
  move: { words: ['HANDLE', 'NODE'], must: [], may: [] },
  close: { words: ['HANDLE'], must: [], may: [] },
  init: { words: [], must: [], may: [] },
} as const satisfies Record<string, { words: string[]; must: Flag[]; may: Flag[] }>;

const COMMAND_FLAGS = ['name', 'shows', 'amount', 'label', 'least', 'most'] as const;
type Flag = (typeof COMMAND_FLAGS)[number];

/**
 * Read a command line.
 * @throws UsageError for an unknown command, a word or flag too many or too few
 */
export function readArguments(args: readonly string[]) {
  const { values, positionals } = readWords(args, OPTIONS);
  if (values.help) return { help: true as const, values };
  const { command, words } = commandOf(COMMANDS, positionals);
  const rule: { must: readonly Flag[]; may: readonly Flag[] } = COMMANDS[command];
  for (const flag of COMMAND_FLAGS) {
    if (rule.must.includes(flag) && values[flag] === undefined)
      throw new UsageError(`${command}: --${flag} is missing`);
    if (values[flag] !== undefined && ![...rule.must, ...rule.may].includes(flag))
      throw new UsageError(`${command}: --${flag} has no meaning here`);
  }
  return { help: false as const, command, words, values };
}

function readHandle(value: string): string {
  if (isHandle(value)) return value;
  throw new HandleError(`handle: ${JSON.stringify(value.slice(0, 40))} can't be a creator's`);
}

function readShows(value: string): Creator['shows'] {
  const shows = SHOWS.find((each) => each === value);
  if (shows) return shows;
  throw new UsageError(`shows: ${JSON.stringify(value.slice(0, 40))} is not one of ${SHOWS.join(', ')}`);
}

/**
 * Run one command.
 * @throws UsageError, AmountError, HandleError, CreatorError, NodeError; and what the ledger's client throws
 */
export async function run(args: readonly string[], parts: Parts): Promise<void> {
  const { ledger, now, random, print } = parts;
  const read = readArguments(args);
  if (read.help) return print(HELP);
  const { values, words } = read;
  const say = (line: string, body: object) => print(values.json ? JSON.stringify(body) : line);
  switch (read.command) {
    case 'add': {
      const shows = readShows(values.shows ?? 'nothing');
      const creator = await addCreator(ledger, { handle: words[0]!, name: values.name!, shows }, now());
      return say(
        `added ${creator.handle}, with tip option ${optionLine(creator.options[0]!)}`,
        creatorBody(creator),
      );
    }
    case 'option': {
      const handle = readHandle(words[0]!);
      const wanted = { label: values.label!, amountMsat: parseSat('amount', values.amount!) };
      const option = await addOption(ledger, handle, wanted, now(), random);
      return say(`added tip option ${optionLine(option)} to ${handle}`, { handle, ...optionBody(option) });
    }
    case 'shows': {
      const creator = await setShows(ledger, readHandle(words[0]!), readShows(words[1]!));
      return say(`${creator.handle} shows ${creator.shows}`, creatorBody(creator));
    }
    case 'minimum': {
      const { amount = '' } = values;
      // parseSat takes no 0, which here means none.
      const minimumMsat = amount === '0' ? 0n : parseSat('amount', amount);
      const creator = await setMinimum(ledger, readHandle(words[0]!), minimumMsat);
      return say(
        `${creator.handle}: tips below ${formatSat(minimumMsat)} sat stay out of the feed`,
        creatorBody(creator),
      );
    }
    case 'limits': {
      const limits = {
        leastMsat: parseSat('least', values.least!),
        mostMsat: parseSat('most', values.most!),
      };
      const creator = await setLimits(ledger, readHandle(words[0]!), limits);
      return say(
        `${creator.handle}: invoices from ${formatSat(limits.leastMsat)} to ${formatSat(limits.mostMsat)} sat`,
        creatorBody(creator),
      );
    }
    case 'show': {
      const found = await readWhole(ledger, readHandle(words[0]!));
      return say(wholeText(found), wholeBody(found));
    }
    case 'list': {
      const creators: Creator[] = [];
      for await (const creator of readCreators(ledger)) creators.push(creator);
      if (values.json) return print(JSON.stringify(creators.map(creatorBody)));
      for (const creator of creators) print(creatorLine(creator));
      return;
    }
    case 'move': {
      const creator = await assignNode(ledger, readHandle(words[0]!), words[1]!, now());
      return say(`${creator.handle} is with node ${words[1]} from now on`, creatorBody(creator));
    }
    case 'close': {
      const creator = await closeCreator(ledger, readHandle(words[0]!));
      return say(`closed ${creator.handle}; what still arrives is booked`, creatorBody(creator));
    }
    case 'init': {
      await makeTable(parts);
      return say(`made the table ${ledger.table}`, { table: ledger.table });
    }
  }
}

/** Make the table on this machine. On AWS it is the stack's, with what CreateTable alone leaves out. */
async function makeTable({ ledger: { client, table }, onLoopback }: Parts): Promise<void> {
  if (!onLoopback) {
    throw new UsageError(
      'init: it needs an --endpoint of this machine; on AWS npm run deploy makes the table',
    );
  }
  await client.send(new CreateTableCommand(tableDefinition(table))).catch((error: unknown) => {
    if (error instanceof ResourceInUseException)
      throw new UsageError(`init: there is a table "${table}" already`);
    throw error;
  });
}

interface Whole {
  readonly creator: Creator;
  readonly totals: Totals;
  /** The current invoice of each option, in the order of the options. */
  readonly invoices: readonly (CurrentInvoice | undefined)[];
}

async function readWhole(ledger: Ledger, handle: string): Promise<Whole> {
  const [creator, totals] = await Promise.all([
    readCreator(ledger, handle, true),
    readTotals(ledger, handle),
  ]);
  if (!creator) throw new CreatorError(`handle: there is no creator "${handle}"`);
  const invoices = await Promise.all(
    creator.options.map(async ({ id }) => (await readCreatorWithInvoice(ledger, handle, id)).invoice),
  );
  return { creator, totals, invoices };
}

const optionBody = ({ id, label, amountMsat }: TipOption) => ({
  id,
  label,
  amountMsat: amountMsat?.toString() ?? null,
});

const creatorBody = (creator: Creator) => ({
  ...basicBody(creator),
  minimumMsat: creator.minimumMsat?.toString() ?? null,
  leastMsat: creator.leastMsat?.toString() ?? null,
  mostMsat: creator.mostMsat?.toString() ?? null,
  node: creator.node ?? null,
});

const basicBody = ({ handle, name, status, shows, options, createdAt }: Creator) => ({
  handle,
  name,
  status,
  shows,
  options: options.map(optionBody),
  createdAt: createdAt.toISOString(),
});

const NONE = { count: 0n, amountMsat: 0n };

const wholeBody = ({ creator, totals, invoices }: Whole) => ({
  ...creatorBody(creator),
  count: totals.count.toString(),
  amountMsat: totals.amountMsat.toString(),
  options: creator.options.map((option, at) => {
    const { count, amountMsat } = totals.options.get(option.id) ?? NONE;
    const invoice = invoices[at];
    return {
      ...optionBody(option),
      count: count.toString(),
      receivedMsat: amountMsat.toString(),
      paymentRequest: invoice?.paymentRequest ?? null,
      expiresAt: invoice?.expiresAt.toISOString() ?? null,
    };
  }),
});

const optionLine = ({ id, label, amountMsat }: TipOption) =>
  `${id} "${label}", ${amountMsat === undefined ? 'any amount' : `${formatSat(amountMsat)} sat`}`;

const creatorLine = ({ handle, name, status, shows, options }: Creator) =>
  `${handle}  "${name}"  ${status}, shows ${shows}, tip options: ${options.length}`;

const wholeText = ({ creator, totals, invoices }: Whole) =>
  [
    creatorLine(creator),
    `tips: ${totals.count}, ${formatSat(totals.amountMsat)} sat`,
    ...creator.options.flatMap((option, at) => {
      const { count, amountMsat } = totals.options.get(option.id) ?? NONE;
      const invoice = invoices[at];
      return [
        `${optionLine(option)}; tips: ${count}, ${formatSat(amountMsat)} sat`,
        invoice
          ? `  ${invoice.paymentRequest}\n  until ${invoice.expiresAt.toISOString()}`
          : '  no invoice yet: the connector makes it',
      ];
    }),
  ].join('\n');
