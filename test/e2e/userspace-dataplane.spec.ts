import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ServiceDataplane } from '#ports';
import { serviceDataplaneContract } from '../../libs/adapters/src/service-dataplane/service-dataplane.contract.js';
import type { TestNetwork } from '../../libs/adapters/src/service-dataplane/test-network.js';
import { twoFamiliesContract } from '../../libs/adapters/src/service-dataplane/two-families.contract.js';

/** Listens where its process is, so it is one of its own in the network of the test, over the compiled code. */
function inNamespace(network: TestNetwork): ServiceDataplane {
  const adapters = pathToFileURL(join(process.cwd(), 'dist/libs/adapters/src/index.js')).href;
  const call = network.remote(`
    const { UserspaceDataplane } = await import(${JSON.stringify(adapters)});
    return new UserspaceDataplane({ log: (line) => console.error(line) });`);
  return {
    mode: 'userspace',
    open: (place) => call('open', place) as Promise<void>,
    replace: (frontends) => call('replace', frontends) as Promise<void>,
    apply: (changes) => call('apply', changes) as Promise<void>,
    check: () => call('check') as Promise<boolean>,
    remove: (owner) => call('remove', owner) as Promise<void>,
  };
}

const USERSPACE = {
  make: inNamespace,
  isTransparent: false,
  leftOn: (network: TestNetwork) =>
    network.run('host', 'sh', '-c', 'ip -o addr show dev lo | grep -vE "inet6? (127.0.0.1/8|::1/128) " || true'),
};
serviceDataplaneContract({ mark: 'usr', ...USERSPACE });
twoFamiliesContract({ mark: 'u6', ...USERSPACE });
