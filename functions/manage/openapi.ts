import { documentOf } from './document.ts';

/** The document as it stands in `openapi.json`. */
export const openapiText = () => `${JSON.stringify(documentOf(), null, 2)}\n`;
