import * as forms from '../../../shared/contract/forms.ts';
import { MOST_COMMENT } from '../../../shared/contract/lnurl.ts';

const inPath = (name: string, description: string, pattern: string) => ({
  name,
  in: 'path',
  required: true,
  description,
  schema: { type: 'string', pattern },
});
const inQuery = (name: string, description: string, schema: object) => ({
  name,
  in: 'query',
  description,
  schema,
});

export const HANDLE = inPath('handle', 'The creator’s handle.', forms.HANDLE.source);
export const SET_ID = inPath('setId', 'The set id of a payment: 32 bytes in hex.', '^[0-9a-fA-F]{64}$');
export const PAYMENT_ADDR = inPath(
  'paymentAddr',
  'The payment address of an invoice: 32 bytes in hex.',
  '^[0-9a-fA-F]{64}$',
);
export const OPTION = inQuery('option', 'The tip option; without it the one with an open amount.', {
  type: 'string',
  pattern: forms.OPTION_ID.source,
});
export const CODE = inQuery(
  'code',
  'Which code: `amp` of the invoice, `lnurl` for wallets that pay by LNURL, `any` of the page with the LNURL along.',
  { type: 'string', enum: ['amp', 'lnurl', 'any'], default: 'amp' },
);
export const CURSOR = inQuery('cursor', 'The cursor of a tip: older ones come, newest first.', {
  type: 'string',
});
export const AFTER = inQuery('after', 'Instead of `cursor`: newer ones come, oldest first.', {
  type: 'string',
});
export const AFTER_OR_NOW = inQuery(
  'after',
  'A cursor: newer tips come, oldest first. Empty or left out: from now on.',
  {
    type: 'string',
  },
);
export const OVERLAY = [
  inQuery('seconds', 'How long each tip is shown.', { type: 'integer', minimum: 2, maximum: 60, default: 8 }),
  inQuery('minimum', 'Tips below this many satoshi are not shown.', {
    type: 'string',
    pattern: '^(0|[1-9][0-9]{0,15})$',
    default: '0',
  }),
  inQuery('size', 'How large the letters are.', {
    type: 'string',
    enum: ['small', 'medium', 'large'],
    default: 'medium',
  }),
  inQuery('sample', 'Begin with a tip that nobody paid, to place the overlay by.', {
    type: 'string',
    enum: ['yes'],
  }),
];
export const LIMIT = inQuery('limit', 'How many tips at most.', {
  type: 'integer',
  minimum: 1,
  maximum: 100,
  default: 20,
});

export const LAST_EVENT_ID = {
  name: 'Last-Event-ID',
  in: 'header',
  description:
    'The cursor of the last tip that came: later ones come. Browsers send it when they connect again.',
  schema: { type: 'string' },
};
export const AMOUNT = {
  ...inQuery('amount', 'Millisatoshi, within the bounds of the pay request.', {
    type: 'string',
    pattern: '^[1-9][0-9]{0,18}$',
  }),
  required: true,
};
export const COMMENT = inQuery('comment', 'What the payer writes.', {
  type: 'string',
  maxLength: MOST_COMMENT,
});
export const ASK = inPath('id', 'As in `verify` of the invoice.', '^[A-Za-z0-9_-]{22}$');
export const OPTION_IN_PATH = inPath('option', 'The tip option.', forms.OPTION_ID.source);
export const FILE = inPath('file', 'A name that `/widget.js` has.', '^[A-Za-z0-9._-]+$');
