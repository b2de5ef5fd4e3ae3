export { InvoiceError } from './invoice-error.ts';
export type { Network } from './network.ts';
export { readAmpInvoice } from './read.ts';
export { type InvoiceTerms, signAmpInvoice, signPlainInvoice } from './sign.ts';
export { lightningUri } from './uri.ts';
