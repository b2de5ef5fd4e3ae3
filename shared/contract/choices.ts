/** What a creator lets the public see of their tips. */
export const SHOWS = ['nothing', 'amounts', 'messages'] as const;

/** What a key lets its holder do; who may write may read. */
export const SCOPES = ['read', 'write'] as const;

/** What a webhook endpoint can be told of. */
export const WEBHOOK_EVENTS = ['tip.settled', 'endpoint.disabled'] as const;
