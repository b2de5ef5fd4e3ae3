import type { Asked, Parts } from '../../shared/command/command.ts';
import { UsageError } from '../../shared/command/failures.ts';
import { bounded } from '../../shared/concurrency/bounded.ts';
import {
  assignNode,
  type Creator,
  CreatorError,
  currentInvoices,
  type Ledger,
  moveHome,
  NodeError,
  readCreator,
  readCreators,
  readNode,
  readVitalSigns,
  requestMints,
  retireNode,
  type VitalSigns,
} from '../../shared/ledger/index.ts';
import type { ON_TABLE } from './flags.ts';
import { onTable } from './onTable.ts';

type OnTable = Asked<typeof ON_TABLE>;

/** Creators that are moved at the same time. */
const AT_A_TIME = 8;

/** A pubkey that a word gives. @throws UsageError */
function readPubkey(name: string, word: string): string {
  if (/^0[23][0-9a-f]{64}$/.test(word)) return word;
  throw new UsageError(`${name}: ${JSON.stringify(word.slice(0, 70))} is not the pubkey of a node`);
}

export const list = (asked: OnTable, parts: Parts) =>
  onTable(asked, parts, async (ledger) => {
    const nodes = await listNodes(ledger);
    return { body: nodes, text: nodes.map(nodeLine).join('\n') };
  });

export const creators = (asked: OnTable, parts: Parts) =>
  onTable(asked, parts, async (ledger) => {
    const found = await listCreators(ledger, asked.words[0]);
    return {
      body: found,
      text: found.map(({ handle, node }) => `${handle}  ${node ?? 'the home'}`).join('\n'),
    };
  });

export async function assign(asked: OnTable, parts: Parts) {
  const [handle = '', word = ''] = asked.words;
  const node = readPubkey('NODE', word);
  return onTable(asked, parts, async (ledger) => {
    await assignNode(ledger, handle, node, new Date());
    return { body: { handle, node }, text: `${handle} is with node ${node} from now on` };
  });
}

export async function move(asked: OnTable, parts: Parts) {
  const [from, to] = [readPubkey('FROM', asked.words[0]!), readPubkey('TO', asked.words[1]!)];
  return onTable(asked, parts, async (ledger) => {
    const moved = await moveAll({ ledger, now: () => new Date() }, from, to);
    return {
      body: { from, to, creators: moved },
      text: `moved ${moved} creators to ${to}: its connector makes their invoices now`,
    };
  });
}

export async function retire(asked: OnTable, parts: Parts) {
  const node = readPubkey('NODE', asked.words[0]!);
  return onTable(asked, parts, async (ledger) => {
    await retireIdle(ledger, node);
    return { body: { retired: node }, text: `${node} is off the list` };
  });
}

/** Creators with their nodes: null for those who are with the home. @throws CreatorError */
async function listCreators(ledger: Ledger, handle: string | undefined) {
  const found: { handle: string; node: string | null }[] = [];
  const add = (creator: Creator) => found.push({ handle: creator.handle, node: creator.node ?? null });
  if (handle === undefined) for await (const creator of readCreators(ledger)) add(creator);
  else {
    const creator = await readCreator(ledger, handle, true);
    if (!creator)
      throw new CreatorError(`HANDLE: there is no creator ${JSON.stringify(handle.slice(0, 40))}`);
    add(creator);
  }
  return found;
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

/** All nodes of the table. */
export async function listNodes(ledger: Ledger): Promise<NodeBody[]> {
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

/** A node in words. */
export const nodeLine = ({ node, network, home, holder, creators, invoices, signs }: NodeBody) =>
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

/**
 * Move all creators of a node to another, and the home of those who have none of their own with them.
 * @returns how many creators were moved
 * @throws UsageError, NodeError
 */
export async function moveAll(
  { ledger, now }: { readonly ledger: Ledger; readonly now: () => Date },
  from: string,
  to: string,
): Promise<number> {
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
    if (creator.node === undefined) await requestMints(ledger, creator, now());
    else await assignNode(ledger, creator.handle, to, now());
  });
  return moving.length;
}

async function known(ledger: Ledger, node: string) {
  const state = await readNode(ledger, node);
  if (!state) throw new NodeError(`node: the table does not know ${node}`);
  return state;
}

/** Take a node off the list that nobody is with and nobody's invoice is of. @throws NodeError */
export async function retireIdle(ledger: Ledger, node: string): Promise<void> {
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
