/**
 * What server reflection shows. proto-loader describes files in a way that reflection clients can't link: type names are relative, imports
 * and the names of map entries are missing. Here the descriptors are completed (google/protobuf/descriptor.proto).
 */
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';
import { type Codec, codecIn } from './proto.js';

interface FieldDescriptor {
  name: string;
  typeName?: string;
  oneofIndex?: number;
  proto3Optional?: boolean;
}

interface MessageDescriptor {
  name: string;
  field?: FieldDescriptor[];
  nestedType?: MessageDescriptor[];
  enumType?: EnumDescriptor[];
  oneofDecl?: { name: string }[];
  options?: { mapEntry?: boolean };
}

interface EnumDescriptor {
  name: string;
  value?: { number: number }[];
  options?: { allowAlias?: boolean };
}

interface FileDescriptor {
  name: string;
  package?: string;
  dependency?: string[];
  messageType?: MessageDescriptor[];
  enumType?: EnumDescriptor[];
  service?: { method?: { inputType: string; outputType: string }[] }[];
}

/** A package definition for `ReflectionService` with all files of these packages. */
export function reflectedDefinition(packages: readonly PackageDefinition[]): PackageDefinition {
  const own = loadSync('google/protobuf/descriptor.proto', { keepCase: true, enums: String });
  const files: Codec<FileDescriptor> = codecIn(own, 'google.protobuf.FileDescriptorProto');
  const decoded = new Map<string, FileDescriptor>();
  for (const buffer of packages.flatMap(descriptorsOf)) {
    const file = files.decode(buffer);
    decoded.set(file.name, file);
  }
  const linker = new Linker([...decoded.values()]);
  const fileDescriptorProtos = [...decoded.values()].map((file) => files.encode(linker.complete(file)));
  return { files: { format: 'Protocol Buffer 3 DescriptorProto', type: {}, fileDescriptorProtos } } as never;
}

function descriptorsOf(definition: PackageDefinition): Buffer[] {
  return Object.values(definition).flatMap((entry) => {
    const { fileDescriptorProtos } = entry as { fileDescriptorProtos?: unknown };
    return Array.isArray(fileDescriptorProtos) ? (fileDescriptorProtos as Buffer[]) : [];
  });
}

class Linker {
  /** File by the full name of each type that it declares. */
  readonly #declared = new Map<string, string>();

  constructor(files: readonly FileDescriptor[]) {
    for (const file of files) {
      const declare = (scope: string, types: MessageDescriptor[] = [], enums: EnumDescriptor[] = []) => {
        for (const { name } of enums) this.#declared.set(`${scope}.${name}`, file.name);
        for (const type of types) {
          this.#declared.set(`${scope}.${type.name}`, file.name);
          declare(`${scope}.${type.name}`, type.nestedType, type.enumType);
        }
      };
      declare(scopeOf(file), file.messageType, file.enumType);
    }
  }

  complete(file: FileDescriptor): FileDescriptor {
    const dependencies = new Set<string>();
    const resolve = (scope: string, name: string): string => {
      const full = this.#find(scope, name);
      const declaredIn = this.#declared.get(full);
      if (declaredIn !== undefined && declaredIn !== file.name) dependencies.add(declaredIn);
      return full;
    };
    const scope = scopeOf(file);
    for (const type of file.messageType ?? []) completeMessage(type, scope, resolve);
    for (const type of file.enumType ?? []) allowAliases(type);
    for (const { method = [] } of file.service ?? []) {
      for (const call of method) {
        call.inputType = resolve(scope, call.inputType);
        call.outputType = resolve(scope, call.outputType);
      }
    }
    return { ...file, dependency: [...dependencies] };
  }

  /** The full name, looked up from the inside out. */
  #find(scope: string, name: string): string {
    if (name.startsWith('.')) return name;
    for (let around = scope; around !== ''; around = around.slice(0, around.lastIndexOf('.'))) {
      if (this.#declared.has(`${around}.${name}`)) return `${around}.${name}`;
    }
    return `.${name}`;
  }
}

function completeMessage(
  message: MessageDescriptor,
  outer: string,
  resolve: (scope: string, name: string) => string,
): void {
  const scope = `${outer}.${message.name}`;
  const entries = new Map<string, string>();
  for (const field of message.field ?? []) {
    if (field.typeName !== undefined) {
      const full = resolve(scope, field.typeName);
      const entry = message.nestedType?.find(({ name, options }) => options?.mapEntry && full === `${scope}.${name}`);
      if (entry !== undefined) entries.set(entry.name, entryName(field.name));
      field.typeName = entry === undefined ? full : `${scope}.${entryName(field.name)}`;
    }
    const oneof = field.oneofIndex === undefined ? undefined : message.oneofDecl?.[field.oneofIndex];
    if (oneof?.name === `_${field.name}`) field.proto3Optional = true;
  }
  for (const nested of message.nestedType ?? []) {
    completeMessage(nested, scope, resolve);
    nested.name = entries.get(nested.name) ?? nested.name;
  }
  for (const nested of message.enumType ?? []) allowAliases(nested);
}

/** The name that protoc gives the entry type of a map field. */
function entryName(field: string): string {
  return `${field.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())}Entry`;
}

function allowAliases(type: EnumDescriptor): void {
  const numbers = (type.value ?? []).map(({ number }) => number);
  if (new Set(numbers).size < numbers.length) type.options = { ...type.options, allowAlias: true };
}

function scopeOf(file: FileDescriptor): string {
  return file.package === undefined || file.package === '' ? '' : `.${file.package}`;
}
