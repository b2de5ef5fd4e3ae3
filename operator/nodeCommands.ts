import { bounded } from '../shared/concurrency/bounded.ts';
import {
  assignNode,
  type Creator,
  currentInvoices,
  type Ledger,
  moveHome,
  NodeError,
  readCreators,
  readNode,
  readVitalSigns,
  retireNode,
  type VitalSigns,
  wantAll,
} from '../shared/ledger/index.ts';
import { PlaceError } from '../shared/place.ts';
import { commandOf, readWords, UsageError } from './words.ts';

export const HELP = `Usage: npm run nodes -- COMMAND [--json] [--table NAME] [--region REGION] [--endpoint URL]

  list            the nodes of the table, what each of them has, and how its connector fares
  move FROM TO    let one node take over all creators of another; if it was the home of those who have no node of
                  their own, the other is now. What is paid to their invoices of before is booked as long as the
                  first node and its connector run
  retire NODE     take a node off the list that takes no more tips: one that is lost, or has been moved from

Nodes are named by their pubkeys. One creator moves by npm run creator -- move HANDLE NODE.

  --table     the table, or AMPJAR_TABLE; ampjar
  --region    its AWS Region, or AWS_REGION; us-east-1
  --endpoint  where DynamoDB answers, or AMPJAR_ENDPOINT; AWS
  --json      print JSON

Exit code: 0 done, 1 the table could not be reached or refused, or another changed the same thing at the same time: try
again, 2 what was asked can't be done.`;

const text = { type: 'string' } as const;
const OPTIONS = {
  table: text,
  region: text,
  endpoint: text,
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

const COMMANDS = {
  list: { words: [] },
  move: { words: ['FROM', 'TO'] },
  retire: { words: ['NODE'] },
} as const;

/** Creators that are moved at the same time. */
const AT_A_TIME = 8;

/** Whether an error is the asker's to mend. */
export const isBadInput = (error: unknown) =>
  [UsageError, PlaceError, NodeError].some((kind) => error instanceof kind);

/** What the commands work with. */
export interface Parts {
  readonly ledger: Ledger;
  readonly now: () => Date;
  readonly print: (line: string) => void;
}

/** Read a command line. @throws UsageError */
export function readArguments(args: readonly string[]) {
  const { values, positionals } = readWords(args, OPTIONS);
  if (values.help) return { help: true as const, values };
  const { command, words, expected } = commandOf(COMMANDS, positionals);
  for (const [at, word] of words.entries())
    if (!/^0[23][0-9a-f]{64}$/.test(word))
      throw new UsageError(
        `${expected[at]}: ${JSON.stringify(word.slice(0, 70))} is not the pubkey of a node`,
      );
  return { help: false as const, command, words, values };
}

/**
 * Run one command.
 * @throws UsageError, NodeError; and what the ledger throws
 */
export async function run(args: readonly string[], parts: Parts): Promise<void> {
  const { ledger, print } = parts;
  const read = readArguments(args);
  if (read.help) return print(HELP);
  const { json } = read.values;
  const [first = '', second = ''] = read.words;
  switch (read.command) {
    case 'list': {
      const nodes = await listNodes(ledger);
      if (json) return print(JSON.stringify(nodes));
      for (const node of nodes) print(nodeLine(node));
      return;
    }
    case 'move': {
      const moved = await moveAll(parts, first, second);
      const line = `moved ${moved} creators to ${second}: its connector makes their invoices now`;
      return print(json ? JSON.stringify({ from: first, to: second, creators: moved }) : line);
    }
    case 'retire': {
      await retire(ledger, first);
      return print(json ? JSON.stringify({ retired: first }) : `${first} is off the list`);
    }
  }
}

interface NodeBody {
  readonly node: string;
  readonly network: string;
  /** Whether creators who have no node of their own are its. */
  readonly home: boolean;
  /** The connector that leads, if one does. */
  readonly holder: string | null;
  readonly creators: number;
  readonly invoices: number;
  /** How its connector fares, as it wrote last. */
  readonly signs: VitalSigns | null;
}

async function listNodes(ledger: Ledger): Promise<NodeBody[]> {
  const creators = new Map<string | undefined, number>();
  for await (const { node } of readCreators(ledger)) creators.set(node, (creators.get(node) ?? 0) + 1);
  const nodes: NodeBody[] = [];
  for await (const { node, signs = null } of readVitalSigns(ledger)) {
    const state = await readNode(ledger, node);
    if (!state) continue;
    const home = !state.beside;
    let invoices = 0;
    for await (const _ of currentInvoices(ledger, node)) invoices++;
    const own = creators.get(node) ?? 0;
    nodes.push({
      node,
      network: state.network,
      home,
      holder: state.holder || null,
      creators: home ? own + (creators.get(undefined) ?? 0) : own,
      invoices,
      signs,
    });
  }
  return nodes;
}

const nodeLine = ({ node, network, home, holder, creators, invoices, signs }: NodeBody) =>
  [
    node,
    network,
    ...(home ? ['home'] : []),
    holder === null ? 'no connector' : `connector ${holder}`,
    `creators: ${creators}`,
    `invoices handed out: ${invoices}`,
    ...(signs ? signsInWords(signs) : []),
  ].join('  ');

const signsInWords = ({ aliveAt, version, waiting, drift }: VitalSigns) => [
  `alive ${aliveAt.toISOString()}`,
  `version ${version}`,
  `waiting: ${waiting}`,
  ...(drift === undefined ? [] : [`drift: ${drift}`]),
];

/** @returns how many creators were moved */
async function moveAll({ ledger, now }: Parts, from: string, to: string): Promise<number> {
  if (from === to) throw new UsageError('TO: it is the same node as FROM');
  const [before, after] = [await known(ledger, from), await known(ledger, to)];
  if (!before.beside && !(await moveHome(ledger, { from, to })))
    throw new Error('another moved the home of creators at the same time; look at the list, and try again');
  const isHome = !before.beside || !after.beside;
  // Those who have no node of their own have moved with their home, or in a try that broke off: to look again is harmless.
  const moving: Creator[] = [];
  for await (const creator of readCreators(ledger))
    if (creator.node === from || (isHome && creator.node === undefined)) moving.push(creator);
  await bounded(AT_A_TIME, moving, async (creator) => {
    if (creator.node === undefined) await wantAll(ledger, creator, now());
    else await assignNode(ledger, creator.handle, to, now());
  });
  return moving.length;
}

async function known(ledger: Ledger, node: string) {
  const state = await readNode(ledger, node);
  if (!state) throw new NodeError(`node: the table does not know ${node}`);
  return state;
}

async function retire(ledger: Ledger, node: string): Promise<void> {
  const { beside } = await known(ledger, node);
  if (!beside)
    throw new NodeError(
      `NODE: ${node} is the home of creators who have no node of their own; move them first`,
    );
  const active = new Set<string>();
  for await (const creator of readCreators(ledger)) {
    if (creator.node === node) throw new NodeError(`NODE: ${creator.handle} is with ${node}; move it first`);
    if (creator.status === 'active') active.add(creator.handle);
  }
  for await (const { handle } of currentInvoices(ledger, node))
    if (active.has(handle))
      throw new NodeError(
        `NODE: ${handle} hands out an invoice of ${node} still; the connector of its node has to make another first`,
      );
  if (!(await retireNode(ledger, node)))
    throw new NodeError(`NODE: ${node} is the home of creators who have no node of their own now`);
}
