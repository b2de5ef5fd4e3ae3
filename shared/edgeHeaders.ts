/** The host that a reader asked for: set at the edge, where the service has no domain of its own (infra/edge.ts). */
export const ASKED_HOST = 'x-forwarded-host';

/** The address and the port of who asks, as CloudFront sees them. It lets no viewer set this header. */
export const VIEWER_ADDRESS = 'cloudfront-viewer-address';
