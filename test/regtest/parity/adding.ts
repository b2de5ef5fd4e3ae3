import { addAmp, CLTV, call, cancel, lookUp, pay, payAmp, payAmpTo, refusal, sha256 } from './calls.ts';
import type { Side, Step, Steps } from './side.ts';

const added = async (side: Side, request: object): Promise<object> => {
  const answer = await call(side, 'addInvoice', request);
  const { payment_addr } = answer;
  return {
    answer,
    invoice: await lookUp(side, { payment_addr }),
    decoded: await call(side, 'decodePayReq', { pay_req: answer.payment_request }),
  };
};

const refusesToAdd =
  (request: object): Step =>
  (side) =>
    refusal(call(side, 'addInvoice', request));

export const adding: Steps = {
  'an open AMP invoice': (side) => added(side, { is_amp: true }),
  'one of whole sat': (side) => added(side, { is_amp: true, value: '2100' }),
  'one of odd msat': (side) => added(side, { is_amp: true, value_msat: '12345678' }),
  'one with a memo of 639 bytes': (side) => added(side, { is_amp: true, memo: `${'é'.repeat(319)}!` }),
  'one for a year': (side) => added(side, { is_amp: true, expiry: '31536000' }),
  'one that asks for hints, where all channels are announced': (side) =>
    added(side, { is_amp: true, private: true }),
  'a plain one': (side) => added(side, { value: '1', memo: 'plain' }),
  'a plain one of any amount': (side) => added(side, {}),
  'a plain one by the hash of a description': (side) =>
    added(side, { value: '1', memo: 'm'.repeat(1000), description_hash: sha256(Buffer.from('metadata')) }),
  'an AMP invoice by the hash of a description': (side) =>
    added(side, { is_amp: true, memo: 'kept', description_hash: sha256(Buffer.from('metadata')) }),
  'the hash of a description that is too short': refusesToAdd({ description_hash: Buffer.alloc(31, 1) }),
  'an expiry that is too long': refusesToAdd({ is_amp: true, expiry: '31536001' }),
  'a memo that is too long': refusesToAdd({ is_amp: true, memo: 'm'.repeat(640) }),
  'a memo that is much too long': refusesToAdd({ is_amp: true, memo: 'm'.repeat(1025) }),
  'a negative amount': refusesToAdd({ is_amp: true, value_msat: '-1' }),
  'a negative amount in sat': refusesToAdd({ is_amp: true, value: '-1' }),
  'a negative expiry': refusesToAdd({ is_amp: true, expiry: '-1' }),
  'amounts in sat and msat': refusesToAdd({ is_amp: true, value: '1', value_msat: '1000' }),
  'more than there is': refusesToAdd({ is_amp: true, value: '2100000000000000' }),
  'a preimage for AMP': refusesToAdd({ is_amp: true, r_preimage: Buffer.alloc(32, 1) }),
  'a preimage that is too short': refusesToAdd({ r_preimage: Buffer.alloc(31, 1) }),
};

export const canceling: Steps = {
  'an invoice that was never paid': async (side) => {
    const { payment_request, payment_addr, r_hash } = await addAmp(side);
    return {
      canceled: [await cancel(side, r_hash), await cancel(side, r_hash)],
      byRequest: await payAmp(side, { payment_request, amt: '10' }),
      byAddr: await payAmpTo(side, { payment_addr, amt: '10', ...CLTV }),
      invoice: await lookUp(side, { payment_addr }),
    };
  },
  'an invoice that was paid, which goes on': async (side) => {
    const { payment_request, payment_addr, r_hash } = await addAmp(side);
    await payAmp(side, { payment_request, amt: '10' });
    return {
      canceled: await refusal(cancel(side, r_hash)),
      payment: await payAmp(side, { payment_request, amt: '10' }),
      invoice: await lookUp(side, { payment_addr }),
    };
  },
  'a plain invoice that was paid': async (side) => {
    const { payment_request, r_hash } = await call(side, 'addInvoice', { value: '10' });
    await pay(side.payer, { payment_request });
    return refusal(cancel(side, r_hash));
  },
  'an invoice that nobody knows': (side) => refusal(cancel(side, Buffer.alloc(32, 9))),
  'by half a hash': (side) => refusal(cancel(side, Buffer.alloc(16, 9))),
};
