import { createECDH } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import bolt11 from 'bolt11';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type InvoiceTerms,
  type Network,
  readAmpInvoice,
  signAmpInvoice,
  signPlainInvoice,
} from '../../../shared/bolt11/index.ts';

interface LndInvoice {
  payment_request: string;
  decoded: Record<
    'payment_hash' | 'payment_addr' | 'num_msat' | 'description' | 'timestamp' | 'expiry' | 'cltv_expiry',
    string
  > & {
    features: Record<string, unknown>;
  };
}
const fixture = new URL('../../fixtures/lnd-settled.json', import.meta.url);
const invoices: LndInvoice[] = JSON.parse(readFileSync(fixture, 'utf8')).invoices;

interface ParsedRequest {
  features: { bit: number; is_required: boolean }[];
}
const lnService: { parsePaymentRequest: (args: { request: string }) => ParsedRequest } = createRequire(
  import.meta.url,
)('ln-service');

const bitsOf = ({ features }: ParsedRequest): number[] =>
  features.map(({ bit }) => bit).sort((a, b) => a - b);

const KEY = Buffer.alloc(32, 7);
const payeeOf = (key: Uint8Array): string => {
  const curve = createECDH('secp256k1');
  curve.setPrivateKey(key);
  return curve.getPublicKey('hex', 'compressed');
};
const TERMS: InvoiceTerms = {
  network: 'regtest',
  paymentHash: Buffer.alloc(32, 1),
  paymentAddr: Buffer.alloc(32, 2),
  description: 'Tip alice',
  createdAt: new Date('2026-11-24T10:00:00Z'),
  expirySeconds: 2_592_000,
};

describe("lnd's own payment requests", () => {
  it.each(invoices.map((invoice, n) => ({ n, ...invoice })))(
    'invoice $n: the same terms make the same letters, up to the signature',
    ({ payment_request, decoded }) => {
      const terms: InvoiceTerms = {
        network: 'simnet',
        paymentHash: Buffer.from(decoded.payment_hash, 'hex'),
        paymentAddr: Buffer.from(decoded.payment_addr, 'hex'),
        description: decoded.description,
        createdAt: new Date(Number(decoded.timestamp) * 1000),
        expirySeconds: Number(decoded.expiry),
        minFinalCltvExpiry: Number(decoded.cltv_expiry),
        ...(decoded.num_msat === '0' ? {} : { amountMsat: BigInt(decoded.num_msat) }),
      };
      const sign = '30' in decoded.features ? signAmpInvoice : signPlainInvoice;
      const unsigned = payment_request.slice(0, -(104 + 6));
      expect(sign(terms, KEY)).toHaveLength(payment_request.length);
      expect(sign(terms, KEY).slice(0, unsigned.length)).toBe(unsigned);
    },
  );

  it.each(invoices.map((invoice, n) => ({ n, ...invoice })))(
    'invoice $n, taken apart and put together again, is byte for byte the same',
    ({ payment_request }) => {
      expect(bolt11.encode(bolt11.decode(payment_request), false).paymentRequest).toBe(payment_request);
    },
  );
});

describe('an AMP invoice that is signed here', () => {
  const networks: [Network, string][] = [
    ['mainnet', 'lnbc1'],
    ['testnet', 'lntb1'],
    ['signet', 'lntbs1'],
    ['regtest', 'lnbcrt1'],
    ['simnet', 'lnsb1'],
  ];

  it.each(networks)('on %s begins with %s and is read back', (network, prefix) => {
    const paymentRequest = signAmpInvoice({ ...TERMS, network }, KEY);
    expect(paymentRequest.startsWith(prefix)).toBe(true);
    expect(readAmpInvoice(paymentRequest)).toMatchObject({ network, paymentRequest, payee: payeeOf(KEY) });
  });

  it.each(networks)('on %s is read by ln-service as we read it', (network) => {
    const paymentRequest = signAmpInvoice({ ...TERMS, network, amountMsat: 1_234_567n }, KEY);
    const read = lnService.parsePaymentRequest({ request: paymentRequest });
    expect(read).toMatchObject({
      payment: '02'.repeat(32),
      destination: payeeOf(KEY),
      mtokens: '1234567',
      created_at: '2026-11-24T10:00:00.000Z',
      expires_at: '2026-12-24T10:00:00.000Z',
      description: 'Tip alice',
      cltv_delta: 80,
    });
    expect(bitsOf(read)).toEqual([8, 14, 30]);
  });

  it('whatever its terms, is read back as they were', () => {
    const description = fc
      .string({ unit: 'grapheme', maxLength: 60 })
      .filter((text) => Buffer.byteLength(text) <= 639);
    const terms = fc.record({
      network: fc.constantFrom(...networks.map(([network]) => network)),
      paymentHash: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      paymentAddr: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      amountMsat: fc.option(fc.bigInt(1n, 2_100_000_000_000_000_000n), { nil: undefined }),
      description,
      createdAt: fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => new Date(seconds * 1000)),
      expirySeconds: fc.integer({ min: 1, max: 31_536_000 }),
    });
    fc.assert(
      fc.property(terms, ({ amountMsat, ...rest }) => {
        const asked: InvoiceTerms = amountMsat === undefined ? rest : { ...rest, amountMsat };
        const paymentRequest = signAmpInvoice(asked, KEY);
        expect(readAmpInvoice(paymentRequest)).toEqual({
          network: rest.network,
          paymentRequest,
          paymentAddr: Buffer.from(rest.paymentAddr).toString('hex'),
          payee: payeeOf(KEY),
          ...(amountMsat === undefined ? {} : { amountMsat }),
          createdAt: rest.createdAt,
          expiresAt: new Date(rest.createdAt.getTime() + rest.expirySeconds * 1000),
          description: rest.description,
          routeHints: [],
        });
      }),
      { numRuns: 60 },
    );
  });

  it('keeps whole seconds of the time it was made', () => {
    const createdAt = new Date('2026-11-24T10:00:00.999Z');
    expect(readAmpInvoice(signAmpInvoice({ ...TERMS, createdAt }, KEY)).createdAt).toEqual(TERMS.createdAt);
  });

  it('can have a memo of 639 bytes', () => {
    const description = `${'é'.repeat(319)}e`;
    expect(readAmpInvoice(signAmpInvoice({ ...TERMS, description }, KEY)).description).toBe(description);
  });
});

describe('a plain invoice that is signed here', () => {
  it("has the features of lnd's and is no AMP invoice", () => {
    const paymentRequest = signPlainInvoice(TERMS, KEY);
    const read = lnService.parsePaymentRequest({ request: paymentRequest });
    expect(bitsOf(read)).toEqual([8, 14, 17, 25]);
    expect(read.features.filter(({ is_required }) => is_required)).toHaveLength(2);
    expect(() => readAmpInvoice(paymentRequest)).toThrow(expect.objectContaining({ field: 'features' }));
  });
});

describe('terms that no invoice can hold are refused, with their field', () => {
  it.each<[string, Partial<InvoiceTerms>]>([
    ['network', { network: 'litecoin' as Network }],
    ['network', { network: 'toString' as Network }],
    ['paymentHash', { paymentHash: Buffer.alloc(31) }],
    ['paymentAddr', { paymentAddr: Buffer.alloc(33) }],
    ['amountMsat', { amountMsat: 0n }],
    ['amountMsat', { amountMsat: -1n }],
    ['amountMsat', { amountMsat: 2_100_000_000_000_000_001n }],
    ['description', { description: 'é'.repeat(320) }],
    ['createdAt', { createdAt: new Date(Number.NaN) }],
    ['createdAt', { createdAt: new Date(-1) }],
    ['createdAt', { createdAt: new Date(2 ** 35 * 1000) }],
    ['expiry', { expirySeconds: 0 }],
    ['expiry', { expirySeconds: 1.5 }],
    ['minFinalCltvExpiry', { minFinalCltvExpiry: 0 }],
    ['minFinalCltvExpiry', { minFinalCltvExpiry: 65_536 }],
  ])('%s', (field, terms) => {
    for (const sign of [signAmpInvoice, signPlainInvoice]) {
      expect(() => sign({ ...TERMS, ...terms }, KEY)).toThrow(
        expect.objectContaining({ name: 'InvoiceError', field }),
      );
    }
  });

  it.each([
    ['of 31 bytes', Buffer.alloc(31, 7)],
    ['of zeros', Buffer.alloc(32)],
    ['beyond the curve', Buffer.alloc(32, 0xff)],
  ])('a private key %s, and the error does not tell it', (_, key) => {
    const sign = () => signAmpInvoice(TERMS, key);
    expect(sign).toThrow(expect.objectContaining({ field: 'privateKey' }));
    expect(sign).not.toThrow(key.toString('hex'));
  });
});
