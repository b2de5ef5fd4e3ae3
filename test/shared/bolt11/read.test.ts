import { readFileSync } from 'node:fs';
import bolt11 from 'bolt11';
import { describe, expect, it } from 'vitest';
import { InvoiceError, readAmpInvoice } from '../../../shared/bolt11/index.ts';

interface LndInvoice {
  payment_request: string;
  decoded: {
    features: Record<string, unknown>;
    destination: string;
    num_msat: string;
    timestamp: string;
    expiry: string;
    description: string;
    payment_addr: string;
    route_hints: { hop_hints: { chan_id: string }[] }[];
  };
}
const fixture = new URL('../../fixtures/lnd-settled.json', import.meta.url);
const invoices: LndInvoice[] = JSON.parse(readFileSync(fixture, 'utf8')).invoices;
const isAmp = ({ decoded }: LndInvoice): boolean => '30' in decoded.features;
const request = invoices.find(isAmp)!.payment_request;

type Order = Parameters<typeof bolt11.encode>[0];
type Tag = Order['tags'][number];

const KEY = Buffer.alloc(32, 7);
const ADDR = 'ab'.repeat(32);
const SIMNET = { bech32: 'sb', pubKeyHash: 0x3f, scriptHash: 0x7b, validWitnessVersions: [0, 1] };
const required = { required: true };
const AMP = { word_length: 7, var_onion_optin: required, payment_secret: required };
const BIT_30 = { start_bit: 30, bits: [true] };
const features = (data: object): Tag => ({
  tagName: 'feature_bits',
  data: { ...AMP, ...data } as Tag['data'],
});

const HASH: Tag = { tagName: 'payment_hash', data: 'cd'.repeat(32) };
const MEMO: Tag = { tagName: 'description', data: 'Tip' };
const SECRET: Tag = { tagName: 'payment_secret', data: ADDR };
const AMP_FEATURES = features({ extra_bits: BIT_30 });

/** Sign whatever it is, right or wrong, as a node could. */
const signed = (tags: Tag[], order: Partial<Order> = {}): string => {
  const unsigned = bolt11.encode({ network: SIMNET, timestamp: 1_700_000_000, tags, ...order }, false);
  return bolt11.sign(unsigned, KEY).paymentRequest!;
};

const catchError = (run: () => unknown): InvoiceError => {
  try {
    run();
  } catch (error) {
    if (error instanceof InvoiceError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

describe('what lnd made, we read as lnd reads it', () => {
  it.each(invoices.filter(isAmp).map((invoice, n) => ({ n, ...invoice })))(
    'AMP invoice $n',
    ({ payment_request, decoded }) => {
      const created = Number(decoded.timestamp) * 1000;
      expect(readAmpInvoice(payment_request)).toEqual({
        network: 'simnet',
        paymentRequest: payment_request,
        paymentAddr: decoded.payment_addr,
        payee: decoded.destination,
        ...(decoded.num_msat === '0' ? {} : { amountMsat: BigInt(decoded.num_msat) }),
        createdAt: new Date(created),
        expiresAt: new Date(created + Number(decoded.expiry) * 1000),
        description: decoded.description,
        routeHints: decoded.route_hints.map(({ hop_hints }) => hop_hints.at(-1)!.chan_id),
      });
    },
  );

  it('in upper case too, as from a QR code', () => {
    expect(readAmpInvoice(request.toUpperCase())).toEqual(readAmpInvoice(request));
  });

  it('and its plain invoice is refused, for it is no AMP invoice', () => {
    const plain = invoices.find((invoice) => !isAmp(invoice))!.payment_request;
    expect(() => readAmpInvoice(plain)).toThrow(
      expect.objectContaining({ field: 'features', value: '8,14,17,25' }),
    );
  });
});

describe('what an invoice may leave out', () => {
  it('without an expiry it lives an hour', () => {
    const { createdAt, expiresAt } = readAmpInvoice(signed([HASH, MEMO, SECRET, AMP_FEATURES]));
    expect(createdAt).toEqual(new Date(1_700_000_000_000));
    expect(expiresAt).toEqual(new Date(1_700_003_600_000));
  });

  it('without an amount it takes any', () => {
    expect(readAmpInvoice(signed([HASH, MEMO, SECRET, AMP_FEATURES]))).not.toHaveProperty('amountMsat');
  });

  it('with the hash of a description it has no description', () => {
    const hashed: Tag = { tagName: 'purpose_commit_hash', data: 'ef'.repeat(32) };
    expect(readAmpInvoice(signed([HASH, hashed, SECRET, AMP_FEATURES])).description).toBe('');
  });

  it('with optional features beside the required ones it is as good', () => {
    const odd = features({ extra_bits: { start_bit: 25, bits: [true, false, false, false, false, true] } });
    expect(readAmpInvoice(signed([HASH, MEMO, SECRET, odd])).paymentAddr).toBe(ADDR);
  });

  it('each route to a node without public channels counts as one hint', () => {
    const hop = {
      pubkey: invoices[0]!.decoded.destination,
      short_channel_id: '0102030405060708',
      fee_base_msat: 1000,
      fee_proportional_millionths: 20,
      cltv_expiry_delta: 3,
    };
    const route: Tag = { tagName: 'routing_info', data: [hop] };
    const longer: Tag = { tagName: 'routing_info', data: [hop, hop] };
    expect(readAmpInvoice(signed([HASH, MEMO, route, longer, SECRET, AMP_FEATURES])).routeHints).toEqual([
      '72623859790382856',
      '72623859790382856',
    ]);
  });
});

describe('the amount in the prefix is whole msat', () => {
  it.each([
    ['lnsb1', 100_000_000_000n],
    ['lnsb25m', 2_500_000_000n],
    ['lnsb1u', 100_000n],
    ['lnsb15005n', 1_500_500n],
    ['lnsb10p', 1n],
    ['lnsb20000123450p', 2_000_012_345n],
    ['lnsb90071992547409930p', 9_007_199_254_740_993n],
    ['lnsb21000000', 2_100_000_000_000_000_000n],
  ])('%s is %d msat', (prefix, amountMsat) => {
    const paymentRequest = signed([HASH, MEMO, SECRET, AMP_FEATURES], {
      millisatoshis: amountMsat.toString(),
    });
    expect(paymentRequest.slice(0, paymentRequest.lastIndexOf('1'))).toBe(prefix);
    expect(readAmpInvoice(paymentRequest).amountMsat).toBe(amountMsat);
  });

  it.each([
    ['a tenth of a msat', 'lnsb11p1', '11p'],
    ['a single pico', 'lnsb1p1', '1p'],
    ['nothing', 'lnsb0n1', '0n'],
    ['a leading zero', 'lnsb010u1', '010u'],
    ['more than there is', 'lnsb210000011', '21000001'],
    ['a msat more than there is', 'lnsb21000000000000000010p1', '21000000000000000010p'],
    ['endless digits', `lnsb${'9'.repeat(5_000)}1`, '9'.repeat(5_000)],
  ])('%s is refused', (_, prefix, value) => {
    expect(catchError(() => readAmpInvoice(`${prefix}qqqqqq`))).toMatchObject({ field: 'amountMsat', value });
  });
});

describe('what is no static AMP invoice is refused by what is wrong with it', () => {
  const on = (start_bit: number, ...bits: boolean[]) => features({ extra_bits: { start_bit, bits } });
  it.each<[string, string, Tag[], RegExp]>([
    ['no features', 'features', [HASH, MEMO], /8 \(TLV onion\)/],
    ['no AMP', 'features', [HASH, MEMO, SECRET, features({})], /30 \(AMP\) required/],
    ['AMP optional', 'features', [HASH, MEMO, SECRET, on(31, true)], /30 \(AMP\) required/],
    [
      'TLV onion optional',
      'features',
      [HASH, MEMO, SECRET, features({ var_onion_optin: { supported: true }, extra_bits: BIT_30 })],
      /8 \(TLV onion\)/,
    ],
    [
      'payment address optional',
      'features',
      [HASH, MEMO, SECRET, features({ payment_secret: { supported: true }, extra_bits: BIT_30 })],
      /14 \(payment address\)/,
    ],
    [
      'MPP required',
      'features',
      [HASH, MEMO, SECRET, features({ basic_mpp: required, extra_bits: BIT_30 })],
      /without 16 \(MPP\)/,
    ],
    [
      'MPP optional',
      'features',
      [HASH, MEMO, SECRET, features({ basic_mpp: { supported: true }, extra_bits: BIT_30 })],
      /without 17 \(MPP\)/,
    ],
    [
      'an unknown feature required',
      'features',
      [HASH, MEMO, SECRET, on(24, true, false, false, false, false, false, true)],
      /without 24 required/,
    ],
    ['no payment address', 'paymentAddr', [HASH, MEMO, AMP_FEATURES], /32 bytes/],
    [
      'a short payment address',
      'paymentAddr',
      [HASH, MEMO, { tagName: 'payment_secret', data: 'ab'.repeat(31) }, AMP_FEATURES],
      /32 bytes/,
    ],
    [
      'two payment addresses',
      'paymentRequest',
      [HASH, MEMO, SECRET, { tagName: 'payment_secret', data: HASH.data }, AMP_FEATURES],
      /one field 's'/,
    ],
    [
      'two expiries',
      'paymentRequest',
      [
        HASH,
        MEMO,
        SECRET,
        { tagName: 'expire_time', data: 60 },
        { tagName: 'expire_time', data: 90 },
        AMP_FEATURES,
      ],
      /one field 'x'/,
    ],
    [
      'an expiry beyond all dates',
      'expiry',
      [HASH, MEMO, SECRET, { tagName: 'expire_time', data: 32 ** 7 }, AMP_FEATURES],
      /at most/,
    ],
  ])('%s', (_, field, tags, message) => {
    const error = catchError(() => readAmpInvoice(signed(tags)));
    expect(error).toMatchObject({ name: 'InvoiceError', field });
    expect(error.message).toMatch(message);
  });

  it.each([
    ['nothing', '', 'network'],
    ['an address', 'bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq', 'network'],
    ['another chain', request.replace('lnsb', 'lnltc'), 'network'],
    ['another multiplier', request.replace('lnsb', 'lnsb10x'), 'network'],
    ['a URI', `lightning:${request}`, 'network'],
    [
      'a BOLT 12 offer',
      'lno1pqps7sjqpgtyzm3qv4uxzmtsd3jjqer9wd3hy6tsw35k7msjzfpy7nz5yqcnygrfdej82um5wf5k2uckyypwa3eyt44h6txtxquqh7lz5djge4afgfjn7k4rgrkuag0jsd5xvxg',
      'network',
    ],
    ['another network in the prefix', request.replace('lnsb', 'lnbc'), 'paymentRequest'],
    ['a prefix alone', 'lnsb1', 'paymentRequest'],
    ['a letter exchanged', request.replace('p4sf28n', 'p4sf28m'), 'paymentRequest'],
    ['its end cut off', request.slice(0, -1), 'paymentRequest'],
    ['mixed case', request.replace('lnsb', 'LNSB'), 'paymentRequest'],
    ['white space', `${request} `, 'paymentRequest'],
  ])('%s', (_, text, field) => {
    expect(catchError(() => readAmpInvoice(text))).toMatchObject({ field });
  });

  it('one letter exchanged, anywhere', () => {
    const data = request.lastIndexOf('1') + 1;
    for (let at = data; at < request.length; at++) {
      const other = request[at] === 'q' ? 'p' : 'q';
      const altered = request.slice(0, at) + other + request.slice(at + 1);
      expect(catchError(() => readAmpInvoice(altered)).field).toBe('paymentRequest');
    }
  });
});
