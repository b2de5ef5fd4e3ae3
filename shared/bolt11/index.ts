export { InvoiceError, type InvoiceField } from './invoice-error.ts';
export type { Network } from './network.ts';
export { type AmpInvoice, readAmpInvoice } from './read.ts';
export { type InvoiceTerms, signAmpInvoice, signPlainInvoice } from './sign.ts';
export { lightningUri } from './uri.ts';
