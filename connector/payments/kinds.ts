import { PAYMENT_KIND_NAMES, type PaymentKind } from '../../shared/ledger/index.ts';
import { amp } from './amp.ts';
import { bolt11 } from './bolt11.ts';
import type { PaymentHandler } from './handler.ts';

/** How payments are taken, by their kind. */
export const HANDLERS: Readonly<Record<PaymentKind, PaymentHandler>> = { amp, bolt11 };

/** Something of each kind. */
export const ofEachKind = <T>(make: (handler: PaymentHandler) => T): Readonly<Record<PaymentKind, T>> =>
  Object.fromEntries(PAYMENT_KIND_NAMES.map((kind) => [kind, make(HANDLERS[kind])])) as Record<
    PaymentKind,
    T
  >;
