import bolt11 from 'bolt11';
import { prefixAmount } from './amount.ts';
import { featureBits, type TaggedField, taggedFields } from './fields.ts';
import { InvoiceError } from './invoice-error.ts';
import { COINS, type Network, networkOf } from './network.ts';

/** A static invoice: it may be paid any number of times until it expires. */
export interface AmpInvoice {
  network: Network;
  /** in lower case */
  paymentRequest: string;
  /** hex, 32 bytes: what names the invoice */
  paymentAddr: string;
  /** hex, 33 bytes: the node that signed it */
  payee: string;
  /** msat; undefined when the payer chooses */
  amountMsat?: bigint;
  createdAt: Date;
  expiresAt: Date;
  /** the memo; empty when there is none, or only a hash of one */
  description: string;
  /** the channel that each route hint enters the payee by, as a short channel id in decimal */
  routeHints: string[];
}

/** BOLT 9 and lnd's lnwire/features.go. Even is required, odd (one more) optional. */
const REQUIRED = [
  { bit: 8, name: 'TLV onion' },
  { bit: 14, name: 'payment address' },
  { bit: 30, name: 'AMP' },
];
const MPP_BITS = [16, 17];

/** BOLT 11: "default is 3600 (1 hour) if not specified". */
const DEFAULT_EXPIRY_SECONDS = 3600;
/** A century: lnd allows a year, and whatever is stated must still be a date. */
const MAX_EXPIRY_SECONDS = 100 * 31_536_000;
const PAYMENT_ADDR_WORDS = 52;

const checkFeatures = (field: TaggedField | undefined): void => {
  const bits = field === undefined ? [] : featureBits(field.words);
  const refuse = (expected: string): never => {
    throw new InvoiceError('features', bits.join(','), expected);
  };
  for (const { bit, name } of REQUIRED) if (!bits.includes(bit)) refuse(`with ${bit} (${name}) required`);
  for (const bit of MPP_BITS)
    if (bits.includes(bit)) refuse(`without ${bit} (MPP), which wallets without AMP take`);
  const known = REQUIRED.map(({ bit }) => bit);
  const other = bits.find((bit) => bit % 2 === 0 && !known.includes(bit));
  if (other !== undefined) refuse(`without ${other} required, which is unknown here`);
};

const decode = (paymentRequest: string, network: Network): ReturnType<typeof bolt11.decode> => {
  try {
    return bolt11.decode(paymentRequest, COINS[network]);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new InvoiceError('paymentRequest', paymentRequest, `a BOLT 11 payment request (${why})`, { cause });
  }
};

const lastChannel = (hops: { short_channel_id: string }[]): string =>
  BigInt(`0x${hops.at(-1)?.short_channel_id || '0'}`).toString();

/**
 * Read a payment request and make sure that it is a static AMP invoice: prefix, checksum and signature, features 8, 14 and 30
 * required and neither MPP nor anything unknown, a payment address.
 *
 * Whether it has expired isn't looked at: that depends on the time.
 * @throws InvoiceError
 * @see BOLT 11, BOLT 9
 */
export function readAmpInvoice(paymentRequest: string): AmpInvoice {
  const lower = paymentRequest.toLowerCase();
  const prefix = /^ln(bcrt|bc|tbs|tb|sb)(?:([0-9]+)([munp]?))?1[^1]*$/.exec(lower);
  const network = prefix === null ? undefined : networkOf(prefix[1]!);
  if (prefix === null || network === undefined) {
    throw new InvoiceError(
      'network',
      paymentRequest,
      'one of lnbc, lntb, lntbs, lnbcrt and lnsb, with an amount or none',
    );
  }
  const amountMsat = prefix[2] === undefined ? undefined : prefixAmount(prefix[2], prefix[3]!);
  const decoded = decode(paymentRequest, network);

  const fields = taggedFields(lower);
  const only = (letter: string): TaggedField | undefined => {
    const [first, second] = fields.filter((field) => field.letter === letter);
    if (second === undefined) return first;
    throw new InvoiceError('paymentRequest', paymentRequest, `with one field '${letter}', it has several`);
  };
  checkFeatures(only('9'));
  const address = only('s');
  if (address?.words.length !== PAYMENT_ADDR_WORDS) {
    throw new InvoiceError('paymentAddr', paymentRequest, 'with a payment address of 32 bytes');
  }
  only('x');
  only('d');
  const { payment_secret, expire_time = DEFAULT_EXPIRY_SECONDS, description = '' } = decoded.tagsObject;
  if (!(expire_time <= MAX_EXPIRY_SECONDS)) {
    throw new InvoiceError('expiry', String(expire_time), `at most ${MAX_EXPIRY_SECONDS} seconds`);
  }
  const createdAt = decoded.timestamp! * 1000;
  return {
    network,
    paymentRequest: lower,
    paymentAddr: payment_secret!,
    payee: decoded.payeeNodeKey!,
    ...(amountMsat === undefined ? {} : { amountMsat }),
    createdAt: new Date(createdAt),
    expiresAt: new Date(createdAt + expire_time * 1000),
    description,
    routeHints: decoded.tags.flatMap(({ tagName, data }) =>
      tagName === 'routing_info' ? [lastChannel(data as { short_channel_id: string }[])] : [],
    ),
  };
}
