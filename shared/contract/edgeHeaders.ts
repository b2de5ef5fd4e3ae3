/** The host that a reader asked for: set at the edge, where the service has no domain of its own (infra/edge.ts). */
export const ASKED_HOST = 'x-forwarded-host';

/** The secret by which CloudFront proves itself to a function, where it does not sign what it asks (infra/edge/originAccess.ts). */
export const ORIGIN_SECRET_HEADER = 'x-ampjar-origin';

/** The address and the port of who asks, as CloudFront sees them. It lets no viewer set this header. */
export const VIEWER_ADDRESS = 'cloudfront-viewer-address';
