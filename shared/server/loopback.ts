const LOOPBACK_HOST = /^(127(\.\d{1,3}){3}|localhost|\[::1\])(:\d+)?$/i;

/**
 * Whether a `Host` header names this machine itself. A server on loopback that answers other names answers pages whose name was
 * pointed at 127.0.0.1, too (DNS rebinding).
 */
export const isLoopbackHost = (host: string | undefined): boolean => LOOPBACK_HOST.test(host ?? '');
