import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';

import { ROOT } from '../../lib/testing/tools.js';
import { PYTHON } from './reading.js';

/** The machine and the versions of everything that was measured, a line each. */
export function describeMachine(): string[] {
  const processors = cpus();
  const system = /^PRETTY_NAME="(.*)"/m.exec(text('/etc/os-release'))?.[1] ?? process.platform;
  const memory = (totalmem() / 2 ** 30).toFixed(0);
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  const packages = ['koffi', 'ffi-rs'].map((name) => `${name} ${packageVersion(name)}`);
  return [
    `${processors[0]?.model.trim() ?? process.arch}, ${processors.length} processors, ${memory} GB`,
    `${system}, Linux ${release()}, glibc ${header.glibcVersionRuntime ?? 'none'}`,
    `Node ${process.version.slice(1)}, ${packages.join(', ')}`,
    [
      version('gcc', /^gcc.* (\d[\d.]*)/m),
      version('gdb', /^GNU gdb.* (\d[\d.]*)/m),
      version('readelf', /^GNU readelf.* (\d[\d.]*)/m),
      version('llvm-dwarfdump', /LLVM version (\d[\d.]*)/),
      version('pyelftools', /(\d[\d.]*)/, PYTHON ?? 'pyelftools', [
        '-c',
        'import elftools; print(elftools.__version__)',
      ]),
    ]
      .filter((line) => line !== '')
      .join(', '),
    `load of the machine at the start: ${loadavg()[0]?.toFixed(1) ?? ''}`,
  ];
}

function version(
  name: string,
  pattern: RegExp,
  program = name,
  args: readonly string[] = ['--version'],
): string {
  const { stdout } = spawnSync(program, args, { encoding: 'utf8' });
  const found = pattern.exec(stdout || '')?.[1];
  return found === undefined ? '' : `${name} ${found}`;
}

function packageVersion(name: string): string {
  const { version } = JSON.parse(text(join(ROOT, 'node_modules', name, 'package.json')) || '{}') as {
    version?: string;
  };
  return version ?? 'none';
}

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
