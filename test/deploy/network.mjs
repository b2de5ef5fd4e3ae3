// Loaded into each function's process before its bundle: a network in which a few public names and addresses lead to
// servers of the test, and nothing else leads anywhere. It lies below what the bundle can see: names are resolved,
// addresses checked and certificates verified as ever, and only the operating system's `connect` goes elsewhere.

import dns from 'node:dns';
import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';

/** What `getaddrinfo` and a name server say of a name that is not known. */
const unknown = (host) =>
  Object.assign(new Error(`ENOTFOUND ${host}`), { code: 'ENOTFOUND', hostname: host });

/** `{ suffix, address, port }`: names that end so have this address, behind which a server listens on loopback. */
const routes = JSON.parse(process.env.AMPJAR_ROUTES);

function addressOf(host) {
  const route = routes.find(({ suffix }) => host === suffix || host.endsWith(`.${suffix}`));
  if (!route) throw unknown(host);
  return route.address;
}

Resolver.prototype.resolve4 = async (host) => [addressOf(host)];
Resolver.prototype.resolve6 = async (host) => {
  throw unknown(host);
};

const lookup = dns.lookup;
dns.lookup = (host, options, callback = options) => {
  if (isIP(host) || host === 'localhost') return lookup(host, options, callback);
  try {
    const address = addressOf(host);
    if (options.all) callback(null, [{ address, family: 4 }]);
    else callback(null, address, 4);
  } catch (error) {
    callback(error);
  }
};

const { TCP } = process.binding('tcp_wrap');
const ENETUNREACH = -101;
const { connect } = TCP.prototype;
TCP.prototype.connect = function (request, address, port) {
  if (address.startsWith('127.')) return connect.call(this, request, address, port);
  const route = routes.find((each) => each.address === address);
  return route ? connect.call(this, request, '127.0.0.1', route.port) : ENETUNREACH;
};
TCP.prototype.connect6 = () => ENETUNREACH;
