import type { StoredItem } from './engine.ts';
import type { NodeInvoice, NodeSet } from './node.ts';
import type { Flaw } from './payments.ts';

/** A payment that lnd settled, as the world remembers it, whatever became of lnd's books. */
export interface Happened {
  readonly set: NodeSet;
  readonly flaw: Flaw;
  /** lnd was restored to a time before it. */
  gone: boolean;
  /** How often it was told again, each time with another amount. */
  contradicted: number;
}

/** What there is to compare the table with. */
export interface Truth {
  readonly node: string;
  /** By set id. */
  readonly happened: ReadonlyMap<string, Happened>;
  /** Tip options, by id. */
  readonly options: ReadonlyMap<string, { handle: string; amountMsat: bigint | undefined }>;
  /** Minimums by handle, in msat. */
  readonly minimums: ReadonlyMap<string, bigint>;
  readonly closed: ReadonlySet<string>;
  /** Creators of whom a hand has made sums wrong, which are not mended yet. */
  readonly spoiled: ReadonlySet<string>;
  /** Sequence numbers by creator whose rows a hand has deleted: they are never given again. */
  readonly lost: ReadonlyMap<string, ReadonlySet<bigint>>;
  /** Payment addresses of invoices that the node has, and that another made. */
  readonly others: ReadonlySet<string>;
  /** Payment addresses of invoices whose memos were proven by a secret that is lost. */
  readonly orphans: ReadonlySet<string>;
  invoiceOf(paymentAddr: string): NodeInvoice | undefined;
  isPayable(invoice: NodeInvoice): boolean;
  readonly highestSettleIndex: bigint;
  /** ms since 1970 */
  readonly now: number;
}

/** What is to become of a payment: a row, an event set aside, nothing; and whether it must, or only may. */
export type Expected = { be: 'row' | 'aside' | 'nothing'; must: boolean; handle?: string; optionId?: string };

const OUR_MEMO = /\(ampjar ([a-km-np-z2-9]{10}) \w+ [\w-]{12}\)$/;
const ASKED_MEMO = /\(ampjar ([a-km-np-z2-9]{10}) [\w-]{22} \w+ [\w-]{12}\)$/;

/** What the ledger promises for a payment. */
export function expected({ set, flaw, gone }: Happened, truth: Truth): Expected {
  const { invoice } = set;
  const optionId = (invoice.isAmp ? OUR_MEMO : ASKED_MEMO).exec(invoice.memo)?.[1];
  // What can't be read is kept, whosever it is.
  if (optionId === undefined || truth.others.has(invoice.paymentAddr))
    return { be: flaw === 'garbled' ? 'aside' : 'nothing', must: false };
  const owner = truth.options.get(optionId);
  if (!owner) return { be: 'aside', must: false };
  const must = !gone && !truth.orphans.has(invoice.paymentAddr);
  return { be: flaw === 'none' ? 'row' : 'aside', must, handle: owner.handle, optionId };
}

type Sum = { count: bigint; msat: bigint };
const whole = (value: { N?: string } | undefined) => BigInt(value?.N ?? 'nothing');
const sumOf = (item: StoredItem, amount = 'amountMsat'): Sum => ({
  count: whole(item.count),
  msat: whole(item[amount]),
});
const NONE: Sum = { count: 0n, msat: 0n };
const say = ({ count, msat }: Sum) => `${count} of ${msat} msat`;

/** Items by the prefix of their key. */
function byKind(items: readonly StoredItem[]) {
  const kinds = new Map<string, StoredItem[]>();
  for (const item of items) {
    const kind = item.pk.S.slice(0, item.pk.S.indexOf('#'));
    kinds.set(kind, [...(kinds.get(kind) ?? []), item]);
  }
  return (kind: string) => kinds.get(kind) ?? [];
}

const rest = (key: string) => key.slice(key.indexOf('#') + 1);

/** What must hold at every moment, whatever is under way. @returns what does not */
export function unsound(items: readonly StoredItem[], truth: Truth): string[] {
  const kind = byKind(items);
  const problems: string[] = [];
  const sums = {
    all: new Map<string, Sum>(),
    days: new Map<string, Sum>(),
    options: new Map<string, Sum>(),
    invoices: new Map<string, Sum>(),
  };
  const add = (sum: Map<string, Sum>, name: string, msat: bigint) => {
    const before = sum.get(name) ?? NONE;
    sum.set(name, { count: before.count + 1n, msat: before.msat + msat });
  };
  const sequences = new Map<string, bigint[]>();
  for (const row of kind('tip')) {
    problems.push(...wrongRow(row, truth));
    const [handle, optionId, msat] = [row.handle.S, row.optionId.S, whole(row.amountMsat)];
    add(sums.all, handle, msat);
    add(sums.days, `${handle} ${row.settledAt.S.slice(0, 10)}`, msat);
    add(sums.options, `${handle} ${optionId}`, msat);
    if (row.via.S === 'amp') add(sums.invoices, row.paymentAddr.S, msat);
    sequences.set(handle, [...(sequences.get(handle) ?? []), whole(row.sequence)]);
  }
  for (const [handle, given] of sequences) {
    const all = [...given, ...(truth.lost.get(handle) ?? [])].sort((a, b) => (a < b ? -1 : 1));
    if (all.some((sequence, at) => sequence !== BigInt(at + 1)))
      problems.push(`sequence numbers of ${handle}, with those whose rows are lost, are ${all.join(' ')}`);
  }
  const said = {
    all: new Map<string, Sum>(),
    days: new Map<string, Sum>(),
    options: new Map<string, Sum>(),
    invoices: new Map<string, Sum>(),
  };
  for (const item of kind('totals')) {
    const handle = rest(item.pk.S);
    if (item.sk.S.startsWith('day#')) said.days.set(`${handle} ${rest(item.sk.S)}`, sumOf(item));
    else if (item.sk.S === 'all') {
      const given = (sequences.get(handle)?.length ?? 0) + (truth.lost.get(handle)?.size ?? 0);
      const last = whole(item.last ?? item.count);
      if (last !== BigInt(given))
        problems.push(`the last number of ${handle} is ${last}, and ${given} were given`);
      said.all.set(handle, sumOf(item));
      for (const [optionId, sum] of Object.entries<{ M: StoredItem }>(item.options.M))
        said.options.set(`${handle} ${optionId}`, sumOf(sum.M));
    }
  }
  for (const item of kind('invoice')) said.invoices.set(rest(item.pk.S), sumOf(item, 'receivedMsat'));
  for (const of of ['all', 'days', 'options', 'invoices'] as const) {
    for (const name of new Set([...sums[of].keys(), ...said[of].keys()])) {
      const [is, says] = [sums[of].get(name) ?? NONE, said[of].get(name) ?? NONE];
      const isSpoiled = of === 'all' && truth.spoiled.has(name);
      if (!isSpoiled && (is.count !== says.count || is.msat !== says.msat))
        problems.push(`totals (${of}) of ${name} are ${say(says)}, rows sum to ${say(is)}`);
    }
  }
  for (const node of kind('node')) {
    if (node.settleIndex && whole(node.settleIndex) > truth.highestSettleIndex)
      problems.push(`checkpoint is ${node.settleIndex.N}, lnd came to ${truth.highestSettleIndex}`);
  }
  return problems;
}

/** A row against what was settled. */
function wrongRow(row: StoredItem, truth: Truth): string[] {
  const setId = rest(row.pk.S);
  const name = `row of ${setId.slice(0, 12)}`;
  const happened = truth.happened.get(setId);
  if (!happened || row.sk.S !== truth.node) return [`${name}: lnd never settled it`];
  const { set } = happened;
  const should = expected(happened, truth);
  if (should.be !== 'row') return [`${name}: should be ${should.be}`];
  const { handle, optionId } = should;
  const dust = set.amountMsat < (truth.minimums.get(handle!) ?? 0n);
  const is: Record<string, unknown> = {
    via: row.via.S,
    amount: whole(row.amountMsat),
    'payment address': row.paymentAddr.S,
    creator: row.handle.S,
    option: row.optionId.S,
    time: row.settledAt.S,
    shards: Number(row.shards.N),
    dust: row.dust?.BOOL ?? false,
    list: row.listPk.S,
    'place in the list': BigInt(row.listSk.S),
  };
  const ought: typeof is = {
    via: set.invoice.isAmp ? 'amp' : 'bolt11',
    amount: set.amountMsat,
    'payment address': set.invoice.paymentAddr,
    creator: handle,
    option: optionId,
    time: new Date(set.settledAt * 1000).toISOString(),
    shards: set.htlcs.filter(({ state }) => state === 'SETTLED').length,
    dust,
    list: `${dust ? 'dust' : 'tips'}#${handle}`,
    'place in the list': whole(row.sequence),
  };
  return Object.keys(is)
    .filter((field) => is[field] !== ought[field])
    .map((field) => `${name}: ${field} is ${is[field]}, should be ${ought[field]}`);
}

/** What must hold once nothing goes wrong any more and all has come to rest. @returns what does not */
export function unfinished(items: readonly StoredItem[], truth: Truth): string[] {
  const kind = byKind(items);
  const problems: string[] = [];
  const rows = new Set(kind('tip').map(({ pk }) => rest(pk.S)));
  const quarantined = new Map<string, number>();
  for (const { sk } of kind('aside')) {
    const setId = sk.S.split('.')[0];
    quarantined.set(setId, (quarantined.get(setId) ?? 0) + 1);
  }
  for (const [setId, happened] of truth.happened) {
    const { be, must } = expected(happened, truth);
    const name = nameOf(happened);
    const times = quarantined.get(setId) ?? 0;
    if (be === 'row' && must && !rows.has(setId)) problems.push(`${name} is not booked`);
    if (be === 'aside' && must && times === 0) problems.push(`${name} is not set aside`);
    const most = (be === 'aside' ? 1 : 0) + happened.contradicted;
    if (times > most) problems.push(`${name} is set aside ${times} times, and should be ${be}`);
  }
  problems.push(...wrongInvoices(kind, truth));
  return problems;
}

export const nameOf = ({ set, flaw }: Happened) =>
  `${flaw === 'none' ? '' : `${flaw} `}${set.invoice.isAmp ? 'set' : 'plain payment'} ${set.setId.slice(0, 12)} (index ${set.settleIndex})`;

/** The options' invoices: one that is handed out and can be paid, and a want that renews it in time. */
function wrongInvoices(kind: (name: string) => StoredItem[], truth: Truth): string[] {
  const problems: string[] = [];
  const invoices = new Map(kind('invoice').map((item) => [rest(item.pk.S), item]));
  const current = new Map(kind('current').map((item) => [item.sk.S, item]));
  for (const [optionId, { handle, amountMsat }] of truth.options) {
    const name = `option ${optionId} of ${handle}`;
    const item = current.get(optionId);
    if (!item) {
      if (!truth.closed.has(handle)) problems.push(`${name} has no current invoice`);
      continue;
    }
    const addr: string = item.paymentAddr.S;
    const listed = [...invoices.values()].filter(
      (each) => each.optionId.S === optionId && each.status.S === 'current',
    );
    if (listed.length !== 1 || rest(listed[0]!.pk.S) !== addr)
      problems.push(
        `${name}: current is ${addr.slice(0, 12)}, invoices that say so are ${listed.map(({ pk }) => rest(pk.S).slice(0, 12))}`,
      );
    const atNode = truth.invoiceOf(addr);
    if (item.pk.S !== `current#${handle}` || atNode?.paymentRequest !== item.paymentRequest.S)
      problems.push(`${name}: its current invoice is not one of the node`);
    else if (atNode?.amountMsat !== amountMsat)
      problems.push(`${name}: its current invoice asks for ${atNode?.amountMsat}`);
    if (truth.closed.has(handle)) continue;
    if (atNode && !truth.isPayable(atNode)) problems.push(`${name}: its current invoice can't be paid`);
    const expiresAt = Date.parse(item.expiresAt.S);
    if (expiresAt <= truth.now) problems.push(`${name}: its current invoice expired`);
    const renewed = kind('want').some(
      ({ optionId: id, due }) => id.S === optionId && Date.parse(due.S) < expiresAt,
    );
    if (!renewed) problems.push(`${name}: nothing renews its current invoice`);
  }
  for (const [addr, item] of invoices) {
    const { handle, optionId, listSk, status } = item;
    if (truth.options.get(optionId.S)?.handle !== handle.S)
      problems.push(`invoice ${addr.slice(0, 12)} is given to ${handle.S}`);
    if (!listSk.S.startsWith(`${status.S}#`))
      problems.push(`invoice ${addr.slice(0, 12)} is ${status.S}, and listed as ${listSk.S}`);
  }
  return problems;
}
