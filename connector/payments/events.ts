import { is32Bytes, PAYMENT_KIND_NAMES, type PaymentKind } from '../../shared/ledger/index.ts';
import type { LndEvent, Unreadable } from '../lnd/contract.ts';
import { type InvoiceMessage, messageOf } from '../lnd/messages.ts';
import { HANDLERS } from './kinds.ts';

/** A settled message of lnd's, as the rest of the connector sees it. */
export const toEvent = (message: InvoiceMessage): LndEvent =>
  readAs(
    PAYMENT_KIND_NAMES.find((kind) => HANDLERS[kind].isIn(message)),
    message,
  );

/**
 * A message that was kept by `eventJson`, read again as the subscription's: unreadable when it was then and still is.
 * @param kind of the payment that it tells of, where that was kept with it, as releases before did not
 * @throws SyntaxError, TypeError for what is no message of lnd's, as one that was cut
 */
export function readKeptEvent(json: string, kind?: PaymentKind): LndEvent {
  const message = messageOf(json);
  return kind === undefined ? toEvent(message) : readAs(kind, message);
}

function readAs(kind: PaymentKind | undefined, message: InvoiceMessage): LndEvent {
  try {
    const settlement = kind && HANDLERS[kind].read(message);
    return kind && settlement
      ? { kind, settlement, raw: message }
      : { kind: 'other', settleIndex: BigInt(message.settle_index) };
  } catch (error) {
    return { kind: 'unreadable', ...unreadable(kind, message, error) };
  }
}

function unreadable(via: PaymentKind | undefined, raw: InvoiceMessage, error: unknown): Unreadable {
  const id = via && HANDLERS[via].idIn(raw);
  return {
    reason: `a message that can't be read: ${(error as Error).message}`,
    raw,
    ...(via && { via }),
    ...(id !== undefined && is32Bytes(id) && { setId: id }),
  };
}
