import { type NodeParts, readAmount } from './lightning-calls.ts';
import type { Payer } from './payer.ts';
import { planPayment, type SendPayment } from './payment-plan.ts';
import { readCustomRecords, rpcPayment } from './rpc-shapes.ts';
import type { Calls, Request } from './server.ts';

const readSendPayment = (request: Request): SendPayment => ({
  paymentRequest: request.payment_request,
  dest: request.dest.toString('hex'),
  amountMsat: readAmount(request.amt, request.amt_msat),
  amp: request.amp,
  paymentAddr: request.payment_addr,
  paymentHash: request.payment_hash,
  finalCltvDelta: request.final_cltv_delta,
  maxShardMsat: BigInt(request.max_shard_size_msat),
  maxParts: request.max_parts,
  customRecords: readCustomRecords(request.dest_custom_records),
});

/** The calls of routerrpc.Router. */
export const routerCalls = (parts: NodeParts, payer: Payer): Calls => ({
  streaming: {
    async SendPaymentV2(stream) {
      const { request } = stream;
      const { network, credentials, random, clock } = parts;
      const context = { network, self: credentials.pubkey, now: clock(), random };
      const plan = planPayment(readSendPayment(request), context);
      await payer.pay(plan, (payment) => {
        if (payment.status === 'IN_FLIGHT' && request.no_inflight_updates) return;
        // A payer that hangs up doesn't stop its payment.
        if (stream.writable) stream.write(rpcPayment(payment));
      });
    },
  },
});
