import type { Permission } from './macaroon.ts';

const needs = (...pairs: string[]): Permission[] =>
  pairs.map((pair) => {
    const [entity = '', action = ''] = pair.split(':');
    return { entity, action };
  });

/**
 * The calls of the development node, and what a macaroon must allow for each; nothing for those that need no macaroon.
 * @see lnd rpcserver.go, lnrpc/invoicesrpc/invoices_server.go, lnrpc/routerrpc/router_server.go
 */
export const CALLS: ReadonlyMap<string, readonly Permission[]> = new Map([
  ['/lnrpc.State/GetState', needs()],
  ['/lnrpc.Lightning/GetInfo', needs('info:read')],
  ['/lnrpc.Lightning/GetDebugInfo', needs('info:read', 'offchain:read', 'onchain:read', 'peers:read')],
  ['/lnrpc.Lightning/AddInvoice', needs('invoices:write')],
  ['/lnrpc.Lightning/ListInvoices', needs('invoices:read')],
  ['/lnrpc.Lightning/LookupInvoice', needs('invoices:read')],
  ['/lnrpc.Lightning/SubscribeInvoices', needs('invoices:read')],
  ['/lnrpc.Lightning/ListChannels', needs('offchain:read')],
  ['/lnrpc.Lightning/DecodePayReq', needs('offchain:read')],
  ['/lnrpc.Lightning/BakeMacaroon', needs('macaroon:generate')],
  ['/lnrpc.Lightning/SignMessage', needs('message:write')],
  ['/lnrpc.Lightning/VerifyMessage', needs('message:read')],
  ['/invoicesrpc.Invoices/LookupInvoiceV2', needs('invoices:write')],
  ['/invoicesrpc.Invoices/CancelInvoice', needs('invoices:write')],
  ['/routerrpc.Router/SendPaymentV2', needs('offchain:write')],
]);
