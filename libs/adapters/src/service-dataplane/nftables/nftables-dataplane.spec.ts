import { NftablesDataplane } from './nftables-dataplane.js';
import { serviceDataplaneContract } from '../service-dataplane.contract.js';

serviceDataplaneContract({
  mark: 'nft',
  make: (network) => new NftablesDataplane({ within: network.within('host') }),
  isTransparent: true,
  leftOn: (network) => network.run('host', 'nft', 'list', 'tables'),
});
