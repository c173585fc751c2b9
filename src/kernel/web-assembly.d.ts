/** The part of the WebAssembly API that the kernel needs: TypeScript declares it for browsers only. */
declare global {
  namespace WebAssembly {
    class Module {
      constructor(bytes: Uint8Array);
    }
    class Instance {
      constructor(module: Module, imports: Readonly<Record<string, Readonly<Record<string, () => unknown>>>>);
      readonly exports: Readonly<Record<string, unknown>>;
    }
  }
}

export {};
