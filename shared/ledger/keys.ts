/**
 * The keys of every item kind, and who writes it. The prefix of the partition key is the kind's own, so that IAM can
 * tell kinds apart by `dynamodb:LeadingKeys`: infra/ takes the prefixes from {@link KINDS}.
 */
export interface Key {
  readonly pk: string;
  readonly sk: string;
}

/** Item kinds by prefix. `writer` is the role that may put them; `ttl` tells whether DynamoDB may delete them. */
export const KINDS = {
  /** A creator with profile and tip options. */
  creator: { writer: 'manage', ttl: false },
  /** Tip option id to creator, so that an invoice's memo, once it verified, is enough to attribute it. */
  option: { writer: 'manage', ttl: false },
  /** An option that is due for an invoice, in order of time. Written by who changes an option and by the connector. */
  want: { writer: 'both', ttl: false },
  /** Payment address to creator and option: the attribution of money. Never deleted. */
  invoice: { writer: 'connector', ttl: false },
  /** The invoice that an option hands out now, whole, so that one read answers. */
  current: { writer: 'connector', ttl: false },
  /** The one invoice that a memo is good for, by the memo's MAC. */
  memo: { writer: 'connector', ttl: false },
  /** What the connectors of the table prove their memos by. Nobody else reads it. */
  secret: { writer: 'connector', ttl: false },
  /** A payment, by set id and node. */
  tip: { writer: 'connector', ttl: false },
  /** Sums of a creator: in all and by option in one item, by day in one item a day; and which numbers' rows are gone. */
  totals: { writer: 'connector', ttl: false },
  /** A node: its lease with epoch, and its checkpoint. */
  node: { writer: 'connector', ttl: false },
  /** How a node's connector fares. Listed, which the node's own item is not: each commit writes that. */
  signs: { writer: 'connector', ttl: false },
  /** Someone asks for a BOLT11 invoice of their own, and is answered; both may write it, and it vanishes. */
  ask: { writer: 'both', ttl: true },
  /** An event that failed verification, whole. */
  aside: { writer: 'connector', ttl: false },
  /** Which of a creator's tips were handed on as events, as sets of sequence numbers. */
  handed: { writer: 'settled', ttl: false },
  /** A stream record that could not be handed on, whole. */
  parked: { writer: 'settled', ttl: false },
  /** Sums of a creator's rows, kept to hold those of the table against them; and how far a turn through all creators is. */
  checked: { writer: 'settled', ttl: false },
  /** A webhook endpoint of a creator, with its secrets. */
  webhook: { writer: 'manage', ttl: false },
  /** An event on its way to an endpoint, and how that went: queue and log at once. */
  delivery: { writer: 'deliver', ttl: true },
  /** An API key, by the hash of its secret; it vanishes when it was revoked long ago. And how many an owner has. */
  key: { writer: 'manage', ttl: true },
  /** What a creator had done on a day, of what they may so often a day. */
  allowance: { writer: 'manage', ttl: true },
  /** The answer that a POST was given, under its idempotency key. */
  idempotency: { writer: 'manage', ttl: true },
} as const;

export type Kind = keyof typeof KINDS;

/** The prefix of a kind's partition keys. */
export const prefix = (kind: Kind) => `${kind}#`;

export const keys = {
  creator: (handle: string): Key => ({ pk: `creator#${handle}`, sk: 'creator' }),
  option: (optionId: string): Key => ({ pk: `option#${optionId}`, sk: 'option' }),
  /** Of a creator of no node in particular unless one is named. */
  want: (due: Date, optionId: string, node = 'all'): Key => ({
    pk: `want#${node}`,
    sk: `${due.toISOString()}#${optionId}`,
  }),
  invoice: (paymentAddr: string): Key => ({ pk: `invoice#${paymentAddr}`, sk: 'invoice' }),
  current: (handle: string, optionId: string): Key => ({ pk: `current#${handle}`, sk: optionId }),
  memo: (mac: string): Key => ({ pk: `memo#${mac}`, sk: 'memo' }),
  memoSecret: (): Key => ({ pk: 'secret#memo', sk: 'secret' }),
  tip: (setId: string, node: string): Key => ({ pk: `tip#${setId}`, sk: node }),
  totals: (handle: string): Key => ({ pk: `totals#${handle}`, sk: 'all' }),
  day: (handle: string, day: string): Key => ({ pk: `totals#${handle}`, sk: `day#${day}` }),
  gone: (handle: string): Key => ({ pk: `totals#${handle}`, sk: 'gone' }),
  node: (node: string): Key => ({ pk: `node#${node}`, sk: 'node' }),
  signs: (node: string): Key => ({ pk: `signs#${node}`, sk: 'signs' }),
  invoiceRequest: (id: string): Key => ({ pk: `ask#${id}`, sk: 'ask' }),
  aside: (node: string, id: string): Key => ({ pk: `aside#${node}`, sk: id }),
  handed: (handle: string, block: bigint): Key => ({ pk: `handed#${handle}`, sk: inOrder(block) }),
  handedThrough: (handle: string): Key => ({ pk: `handed#${handle}`, sk: 'through' }),
  checked: (handle: string): Key => ({ pk: `checked#${handle}`, sk: 'sums' }),
  checkTurn: { pk: 'checked#all', sk: 'turn' } satisfies Key,
  parked: (id: string): Key => ({ pk: 'parked#all', sk: id }),
  webhook: (handle: string, endpointId: string): Key => ({ pk: `webhook#${handle}`, sk: endpointId }),
  delivery: (endpointId: string, id: string): Key => ({ pk: `delivery#${endpointId}`, sk: id }),
  apiKey: (hash: string): Key => ({ pk: `key#${hash}`, sk: 'key' }),
  /** How many keys an owner has that are not revoked; no hash is named so. */
  apiKeyCount: (owner: string): Key => ({ pk: `key#of#${owner}`, sk: 'count' }),
  allowance: (owner: string, allowed: string, day: string): Key => ({
    pk: `allowance#${owner}`,
    sk: `${allowed}#${day}`,
  }),
  idempotency: (keyId: string, key: string): Key => ({ pk: `idempotency#${keyId}`, sk: key }),
};

/** Sixteen digits, so that text order is number order. */
const inOrder = (sequence: bigint) => sequence.toString().padStart(16, '0');

/** Less than the digits of a year. */
const AT_ONCE = '0#';

/** Keys in the index `listed`. */
export const listed = {
  /** A creator's tips by sequence number: what the feed shows. */
  tip: (handle: string, sequence: bigint) => ({ listPk: `tips#${handle}`, listSk: inOrder(sequence) }),
  /** A creator's tips below the minimum that they set: booked, and not shown. */
  dust: (handle: string, sequence: bigint) => ({ listPk: `dust#${handle}`, listSk: inOrder(sequence) }),
  /** A node's invoices that are handed out now. */
  currentInvoice: (node: string, paymentAddr: string) => ({
    listPk: `invoices#${node}`,
    listSk: `current#${paymentAddr}`,
  }),
  /** A node's retired invoices in the order of their retirement: the audit looks at the old ones more rarely. */
  retiredInvoice: (node: string, retiredAt: Date, paymentAddr: string) => ({
    listPk: `invoices#${node}`,
    listSk: `retired#${retiredAt.toISOString()}#${paymentAddr}`,
  }),
  /** Asks that are not answered yet, in one of several lists. */
  invoiceRequest: (list: number, createdAt: Date, id: string) => ({
    listPk: `asks#${list}`,
    listSk: `${createdAt.toISOString()}#${id}`,
  }),
  /** Creators of whom sums are wrong. */
  wrongSums: (handle: string) => ({ listPk: 'wrong#all', listSk: handle }),
  /** The nodes of the table, for the check that a connector stands beside the right one. */
  node: (node: string) => ({ listPk: 'nodes#all', listSk: node }),
  /** Events of a node that are set aside, until an operator closes them. */
  aside: (node: string, id: string) => ({ listPk: `asides#${node}`, listSk: id }),
  /**
   * Deliveries that are still to be made, in order of time, in one of several lists. Those that have been due at once since a time lie
   * before all that are due at one, whatever time it is.
   */
  delivery: (list: number, due: Date, id: string, { isAtOnce = false } = {}) => ({
    listPk: `deliveries#${list}`,
    listSk: `${isAtOnce ? AT_ONCE : ''}${due.toISOString()}#${id}`,
  }),
  /** The API keys of a creator, or of the operator. */
  apiKey: (owner: string, keyId: string) => ({ listPk: `keys#${owner}`, listSk: keyId }),
  /** All creators, for the operator. */
  creator: (handle: string) => ({ listPk: 'creators#all', listSk: handle }),
};

/** A key as DynamoDB takes it. */
export const keyItem = (key: Key) => ({ pk: { S: key.pk }, sk: { S: key.sk } });
