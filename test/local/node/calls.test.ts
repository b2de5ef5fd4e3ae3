import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectLnd } from '../../../connector/lnd/client.ts';
import type { SettledPayment } from '../../../connector/lnd/contract.ts';
import { openServices, unauthenticated } from '../../../connector/lnd/services.ts';
import type { AmpSettlement } from '../../../connector/payments/amp.ts';
import { startDevNode } from '../../../local/node/index.ts';
import { readAmpInvoice } from '../../../shared/bolt11/index.ts';
import lnd from '../../fixtures/lnd-settled.json' with { type: 'json' };
import { clientOf, connect, hex, type Pair, startPair } from './pair.ts';

let pair: Pair;
beforeAll(async () => {
  pair = await startPair();
});
afterAll(() => pair.stop());

const call = (method: string, request: object = {}): Promise<any> =>
  pair.jar.call('default', method, request);
const add = (request: object = {}): Promise<any> => call('addInvoice', { is_amp: true, ...request });
const pay = (request: object): Promise<any> => pair.payer.pay({ amp: true, ...request });

describe('AddInvoice', () => {
  test('makes an AMP invoice that reads as one', async () => {
    const { payment_request, payment_addr } = await add({ memo: 'Café ☕', value_msat: '1500500' });
    expect(readAmpInvoice(payment_request)).toMatchObject({
      network: 'regtest',
      paymentAddr: hex(payment_addr),
      payee: pair.jarNode.pubkey,
      amountMsat: 1_500_500n,
      description: 'Café ☕',
    });
  });

  test.each([
    [{}, 2_592_000],
    [{ is_amp: false }, 86_400],
    [{ expiry: '31536000' }, 31_536_000],
  ])('with %o gives an expiry of %i seconds', async (request, seconds) => {
    const { payment_request } = await add(request);
    const { expiry } = await call('decodePayReq', { pay_req: payment_request });
    expect(expiry).toBe(String(seconds));
  });

  test.each([
    [{ expiry: '31536001' }, 'expiry of 3.1536001e+07 seconds greater than max expiry of 3.1536e+07 seconds'],
    [{ memo: 'é'.repeat(320) }, 'data length too big to fit within 10 bits: 1024'],
    [{ value: '1', value_msat: '1' }, 'sat and msat arguments are mutually exclusive'],
    [{ value_msat: '-1' }, 'amount cannot be negative'],
    [{ value: '2100000000000000' }, 'invoice amount 21000000 BTC is too large, max is 100000 BTC'],
    [{ r_preimage: Buffer.alloc(32) }, 'preimage set on AMP invoice'],
  ])('refuses %o with the words of lnd', async (request, details) => {
    await expect(add(request)).rejects.toMatchObject({ code: 2, details });
  });

  test('puts the hash of a description in place of the memo, and keeps the memo', async () => {
    const description_hash = Buffer.alloc(32, 5);
    const memo = 'm'.repeat(1000);
    const { payment_request, r_hash } = await call('addInvoice', { value: '1', memo, description_hash });
    const decoded = await call('decodePayReq', { pay_req: payment_request });
    expect(decoded).toMatchObject({ description: '', description_hash: hex(description_hash) });
    expect(decoded.destination).toBe(pair.jarNode.pubkey);
    const invoice = await call('lookupInvoice', { r_hash });
    expect(invoice).toMatchObject({ memo, description_hash });
    await expect(call('addInvoice', { description_hash: Buffer.alloc(31) })).rejects.toMatchObject({
      details: 'description hash is 31 bytes, must be 32',
    });
  });

  test('takes a memo of 639 bytes', async () => {
    await expect(add({ memo: 'm'.repeat(639) })).resolves.toHaveProperty('payment_request');
  });
});

test('DecodePayReq has the fields and types of a real answer', async () => {
  const theirs = lnd.invoices[1]!.decoded;
  const { payment_request } = await add({ memo: 'Coffee tier', value: '3000', expiry: '86400' });
  const ours = await call('decodePayReq', { pay_req: payment_request });
  expect(Object.keys(ours).sort()).toEqual(Object.keys(theirs).sort());
  for (const name of ['features', 'num_msat', 'num_satoshis', 'expiry', 'description']) {
    expect(ours[name]).toEqual(theirs[name as keyof typeof theirs]);
  }
});

describe('ListInvoices', () => {
  test.each([
    [{ index_offset: '0', num_max_invoices: '2' }, [1, 2]],
    [{ index_offset: '2', num_max_invoices: '2' }, [3, 4]],
    [{ index_offset: '5' }, []],
    [{ reversed: true, num_max_invoices: '2' }, [4, 5]],
    [{ reversed: true, index_offset: '3' }, [1, 2]],
    [{ creation_date_start: '1795467510' }, [3, 4, 5]],
    [{ creation_date_end: '1795467509' }, [1, 2]],
    [{ pending_only: true }, [1, 2, 4, 5]],
  ])('with %o gives the invoices %o', async (request, expected) => {
    const own = await startPair();
    for (const _ of [1, 2]) await own.jar.call('default', 'addInvoice', { is_amp: true });
    own.clock.now += 10_000;
    const plain = await own.jar.call('default', 'addInvoice', { value: '1' });
    for (const _ of [4, 5]) await own.jar.call('default', 'addInvoice', { is_amp: true });
    await own.payer.pay({ payment_request: plain.payment_request });
    const page = await own.jar.call('default', 'listInvoices', request);
    expect(page.invoices.map(({ add_index }: any) => Number(add_index))).toEqual(expected);
    expect(page.first_index_offset).toBe(String(expected[0] ?? 0));
    expect(page.last_index_offset).toBe(String(expected.at(-1) ?? 0));
    await own.stop();
  });
});

describe('LookupInvoiceV2', () => {
  const lookUp = (request: object): Promise<any> => pair.jar.call('invoices', 'lookupInvoiceV2', request);

  test('shows one set, all sets without HTLCs, or everything', async () => {
    const { payment_request, payment_addr, r_hash } = await add();
    const [first] = (await pay({ payment_request, amt: '1' })).slice(-1);
    await pay({ payment_request, amt: '2', max_shard_size_msat: '1000' });
    const set_id = Buffer.from(first.payment_hash, 'hex');
    const counts = ({ htlcs, amp_invoice_state }: any): number[] => [
      htlcs.length,
      Object.keys(amp_invoice_state).length,
    ];
    expect(counts(await lookUp({ set_id, lookup_modifier: 'HTLC_SET_ONLY' }))).toEqual([1, 1]);
    expect(counts(await lookUp({ payment_addr, lookup_modifier: 'HTLC_SET_BLANK' }))).toEqual([0, 2]);
    for (const ref of [{ set_id }, { payment_addr }, { payment_hash: r_hash }]) {
      expect(counts(await lookUp(ref))).toEqual([3, 2]);
    }
  });

  test.each([
    [{ payment_addr: Buffer.alloc(32, 9) }],
    [{ set_id: Buffer.alloc(32, 9) }],
    [{ set_id: Buffer.alloc(3) }],
    [{ payment_addr: Buffer.alloc(32) }],
    [{ payment_hash: Buffer.alloc(32, 9) }],
  ])('finds nothing for %o', async (request) => {
    await expect(lookUp(request)).rejects.toMatchObject({ code: 5, details: 'unable to locate invoice' });
  });
});

test('ListChannels tells of an announced channel to each peer, and of none that is not', async () => {
  const [channel] = (await call('listChannels')).channels;
  expect(channel).toMatchObject({ remote_pubkey: pair.payerNode.pubkey, active: true, private: false });
  expect((await call('listChannels', { private_only: true })).channels).toEqual([]);
});

test('the state of the wallet is told without a macaroon', async () => {
  const { socket, certPath } = pair.jarNode;
  const { status } = openServices({ socket, cert: readFileSync(certPath) }, unauthenticated());
  const state = await new Promise((resolve, reject) =>
    status!.getState({}, (error: Error, answer: object) => (error ? reject(error) : resolve(answer))),
  );
  expect(state).toEqual({ state: 'SERVER_ACTIVE' });
});

test('a message signed by one node is verified by its peer', async () => {
  const msg = Buffer.from('hello');
  const { signature } = await call('signMessage', { msg });
  const verified = await pair.payer.call('default', 'verifyMessage', { msg, signature });
  expect(verified).toEqual({ valid: true, pubkey: pair.jarNode.pubkey });
  const other = await pair.payer.call('default', 'verifyMessage', { msg: Buffer.from('bye'), signature });
  expect(other.valid).toBe(false);
});

describe('access', () => {
  const using = (macaroon: Uint8Array): ReturnType<typeof connect> =>
    connect({ socket: pair.jarNode.socket, cert: readFileSync(pair.jarNode.certPath), macaroon });

  test('is what the macaroon allows, for calls and for streams', async () => {
    const client = using(pair.jarNode.bakeMacaroon(['/lnrpc.Lightning/GetInfo']));
    await expect(client.call('default', 'getInfo')).resolves.toMatchObject({ alias: 'jar' });
    await expect(client.call('default', 'addInvoice', {})).rejects.toMatchObject({
      code: 2,
      details: 'permission denied',
    });
    await expect(client.subscribe().next()).rejects.toMatchObject({ code: 2, details: 'permission denied' });
  });

  test('is refused to the macaroon of another node', async () => {
    const client = using(readFileSync(pair.payerNode.adminMacaroonPath));
    await expect(client.call('default', 'getInfo')).rejects.toMatchObject({
      code: 2,
      details: 'verification failed: signature mismatch after caveat verification',
    });
  });

  test('is refused to whoever trusts another certificate', async () => {
    const { certPath } = pair.payerNode;
    const client = clientOf({ ...pair.jarNode, certPath });
    await expect(client.call('default', 'getInfo')).rejects.toMatchObject({ code: 14 });
  });

  test('can be narrowed by BakeMacaroon', async () => {
    const permissions = [{ entity: 'uri', action: '/lnrpc.Lightning/ListInvoices' }];
    const { macaroon } = await call('bakeMacaroon', { permissions });
    const client = using(Buffer.from(macaroon, 'hex'));
    await expect(client.call('default', 'listInvoices')).resolves.toHaveProperty('invoices');
    await expect(client.call('default', 'getInfo')).rejects.toMatchObject({ details: 'permission denied' });
  });

  test('to secrets on disk is for the owner alone', () => {
    for (const name of ['tls.key', 'node.key', 'macaroons.key', 'admin.macaroon']) {
      expect(statSync(join(pair.dir, 'jar', name)).mode & 0o777).toBe(0o600);
    }
    expect(statSync(join(pair.dir, 'jar')).mode & 0o777).toBe(0o700);
  });
});

test('the connector reads the node as it reads lnd', async () => {
  const files = {
    cert: readFileSync(pair.jarNode.certPath),
    macaroon: readFileSync(pair.jarNode.adminMacaroonPath),
  };
  const client = connectLnd({ socket: pair.jarNode.socket, ...files });
  expect(await client.getInfo()).toEqual({ node: pair.jarNode.pubkey, network: 'regtest', synced: true });
  const { payment_request } = await add({ memo: 'connector' });
  const updates = await pay({
    payment_request,
    amt: '5',
    dest_custom_records: { 34349334: Buffer.from('hi') },
  });
  const { payment_hash } = updates.at(-1);
  const found = await client.lookUpSet(payment_hash);
  const settlement = (found as SettledPayment).settlement as AmpSettlement;
  expect(settlement).toMatchObject({ setId: payment_hash, amountMsat: 5000n, memo: 'connector' });
  expect(settlement.shards[0]?.records.get(34_349_334n)).toEqual(Buffer.from('hi'));
  client.close();
});

test('a second node on the same data is refused, and so is a port that is taken', async () => {
  const options = {
    network: 'regtest',
    alias: 'x',
    clock: Date.now,
    random: () => Buffer.alloc(32, 1),
  } as const;
  const jarDir = join(pair.dir, 'jar');
  await expect(startDevNode({ ...options, dir: jarDir })).rejects.toThrow('is in use by process');
  const port = Number(pair.jarNode.socket.split(':')[1]);
  await expect(startDevNode({ ...options, dir: join(pair.dir, 'other'), port })).rejects.toThrow(
    `port ${port} of 127.0.0.1 can't be listened on`,
  );
});
