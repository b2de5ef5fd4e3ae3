/** The calls that the connector makes; its macaroon allows these and no more. */
export const CALLS = [
  '/lnrpc.Lightning/GetInfo',
  '/lnrpc.Lightning/AddInvoice',
  '/lnrpc.Lightning/ListInvoices',
  '/lnrpc.Lightning/SubscribeInvoices',
  '/invoicesrpc.Invoices/LookupInvoiceV2',
] as const;

/** What it calls besides when invoices carry route hints. */
export const HINT_CALL = '/lnrpc.Lightning/ListChannels';

/** The calls of the connector, with those that route hints take besides. */
export const callsOf = (routeHints: boolean): readonly string[] =>
  routeHints ? [...CALLS, HINT_CALL] : CALLS;

/** The command that bakes the macaroon that the connector needs. */
export const bakeCommand = (routeHints = false) =>
  `lncli bakemacaroon --save_to ampjar.macaroon ${callsOf(routeHints)
    .map((call) => `uri:${call}`)
    .join(' ')}`;
