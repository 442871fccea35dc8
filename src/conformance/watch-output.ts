export interface WatchedOutput {
  text(): string;
  stop(): void;
}

/** Records what is written to this process's stdout and stderr until it is told to stop. */
export function watchOutput(): WatchedOutput {
  const written: string[] = [];
  const streams = [process.stdout, process.stderr];
  const stops = streams.map((stream) => {
    const write = stream.write;
    stream.write = ((...args: Parameters<typeof write>) => {
      written.push(typeof args[0] === 'string' ? args[0] : Buffer.from(args[0]).toString());
      return write.apply(stream, args);
    }) as typeof write;
    return () => {
      stream.write = write;
    };
  });
  const consoles = (['log', 'info', 'warn', 'error', 'debug'] as const).map((name) => {
    const print = console[name];
    console[name] = (...args: readonly unknown[]) => {
      written.push(args.map(String).join(' '));
      print(...args);
    };
    return () => {
      console[name] = print;
    };
  });
  return {
    text: () => written.join('\n'),
    stop: () => [...stops, ...consoles].forEach((stop) => stop()),
  };
}
