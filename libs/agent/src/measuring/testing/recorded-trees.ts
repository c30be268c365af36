/** Files as kernels show them: 6.1 with cgroups v2 and the systemd driver, 6.18 with v1 and the cgroupfs driver. */
export const APP_ID = 'a'.repeat(64);
export const SIDE_ID = 'b'.repeat(64);
export const INFRA_ID = 'c'.repeat(64);

const machine = {
  '/proc/stat': 'cpu  1000 200 300 90000 50 10 20 30 400 0\ncpu0 500 100\ncpu1 500 100\nbtime 1790000000\n',
  '/proc/meminfo':
    'MemTotal:        8000000 kB\nMemFree:         2000000 kB\nCached:          1500000 kB\nSwapTotal:       1000 kB\nSwapFree:         400 kB\nInactive(file):  1000000 kB\nAnonPages:       3000000 kB\n',
  '/proc/loadavg': '0.10 0.20 0.30 2/345 6789\n',
  '/proc/sys/kernel/pid_max': '32768\n',
  '/proc/pressure/cpu':
    'some avg10=1.00 avg60=1.00 avg300=1.00 total=5000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n',
  '/proc/1/net/dev': devText([
    ['lo', 9, 9],
    ['eth0', 1000, 2000],
    ['veth1', 5, 5],
  ]),
};

export function devText(interfaces: readonly (readonly [name: string, received: number, sent: number])[]): string {
  const lines = interfaces.map(
    ([name, received, sent]) =>
      `  ${name}: ${received}      10    1    2    0     0          0         0 ${sent}    20    3    4    0     0       0          0`,
  );
  return ['Inter-|   Receive', ' face |bytes    packets errs drop fifo frame', ...lines, ''].join('\n');
}

const V2_MOUNT =
  '25 30 0:23 / /sys rw shared:7 - sysfs sysfs rw\n35 25 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n';

/** A node of v2 with the containers of one pod, by the names of systemd. */
export function v2Tree(slice = '/system.slice'): Record<string, string> {
  const at = (id: string): string => `/sys/fs/cgroup${slice}/docker-${id}.scope`;
  return {
    ...machine,
    '/proc/self/mountinfo': V2_MOUNT,
    '/sys/fs/cgroup/cpu.stat': 'usage_usec 123456789\nuser_usec 100000000\nsystem_usec 23456789\n',
    '/proc/101/cgroup': `0::${slice}/docker-${APP_ID}.scope\n`,
    '/proc/102/cgroup': `0::${slice}/docker-${SIDE_ID}.scope/init.scope\n`,
    '/proc/103/cgroup': `0::${slice}/docker-${INFRA_ID}.scope\n`,
    '/proc/103/net/dev': devText([
      ['lo', 1, 1],
      ['eth0', 700, 800],
    ]),
    ...v2Cgroup(at(APP_ID), { usageMicros: 5_000_000, quota: '50000 100000' }),
    ...v2Cgroup(at(SIDE_ID), { usageMicros: 1_000_000, quota: 'max 100000' }),
    ...v2Cgroup(at(INFRA_ID), { usageMicros: 20_000, quota: 'max 100000' }),
  };
}
export function v2Cgroup(
  folder: string,
  { usageMicros, quota }: { readonly usageMicros: number; readonly quota: string },
): Record<string, string> {
  return {
    [`${folder}/cpu.stat`]: `usage_usec ${usageMicros}\nuser_usec 1\nsystem_usec 1\nnr_periods 40\nnr_throttled 10\nthrottled_usec 2500000\nnr_bursts 0\nburst_usec 0\n`,
    [`${folder}/cpu.max`]: `${quota}\n`,
    [`${folder}/cpu.pressure`]:
      'some avg10=0.00 avg60=0.00 avg300=0.00 total=777\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=700\n',
    [`${folder}/memory.current`]: '104857600\n',
    [`${folder}/memory.max`]: '268435456\n',
    [`${folder}/memory.swap.current`]: '4096\n',
    [`${folder}/memory.stat`]:
      'anon 50000000\nfile 40000000\nkernel_stack 16384\nfile_mapped 1000\ninactive_anon 0\nactive_anon 50000000\ninactive_file 30000000\nactive_file 10000000\npgfault 4321\npgmajfault 7\n',
    [`${folder}/memory.events`]: 'low 0\nhigh 0\nmax 3\noom 2\noom_kill 1\n',
    [`${folder}/memory.pressure`]:
      'some avg10=0.00 avg60=0.00 avg300=0.00 total=55\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=5\n',
    [`${folder}/pids.current`]: '9\n',
    [`${folder}/io.stat`]:
      '8:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n8:16 rbytes=1000 wbytes=0 rios=3 wios=0 dbytes=0 dios=0\n',
  };
}

const CONTROLLERS = ['cpu', 'cpuacct', 'memory', 'pids', 'blkio'];
/** A node of v1 with one container, by the names of cgroupfs. */
export function v1Tree(mounted = '/'): Record<string, string> {
  const folder = (controller: string): string => `/sys/fs/cgroup/${controller}/docker/${APP_ID}`;
  const prefix = mounted === '/' ? '' : mounted;
  return {
    ...machine,
    '/proc/self/mountinfo': CONTROLLERS.map(
      (name, i) => `4${i} 30 0:3${i} ${mounted} /sys/fs/cgroup/${name} rw shared:1${i} - cgroup cgroup rw,${name}\n`,
    ).join(''),
    '/sys/fs/cgroup/cpuacct/cpuacct.usage': '123456789000\n',
    '/proc/101/cgroup': CONTROLLERS.map((name, i) => `${i + 1}:${name}:${prefix}/docker/${APP_ID}\n`).join(''),
    [`${folder('cpuacct')}/cpuacct.usage`]: '5000000123\n',
    [`${folder('cpu')}/cpu.stat`]: 'nr_periods 40\nnr_throttled 10\nthrottled_time 2500000000\n',
    [`${folder('cpu')}/cpu.cfs_quota_us`]: '150000\n',
    [`${folder('cpu')}/cpu.cfs_period_us`]: '100000\n',
    [`${folder('memory')}/memory.usage_in_bytes`]: '104857600\n',
    [`${folder('memory')}/memory.oom_control`]: 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n',
    [`${folder('memory')}/memory.stat`]:
      'cache 1\nrss 2\ninactive_file 3\nhierarchical_memory_limit 268435456\ntotal_cache 40000000\ntotal_rss 50000000\ntotal_swap 4096\ntotal_pgfault 4321\ntotal_pgmajfault 7\ntotal_inactive_file 30000000\n',
    [`${folder('pids')}/pids.current`]: '9\n',
    [`${folder('blkio')}/blkio.throttle.io_service_bytes_recursive`]:
      '8:0 Read 4096\n8:0 Write 8192\n8:0 Total 12288\n8:16 Read 1000\nTotal 13288\n',
    [`${folder('blkio')}/blkio.throttle.io_serviced_recursive`]: '8:0 Read 1\n8:0 Write 2\n8:0 Total 3\nTotal 3\n',
  };
}
