/** Catalogs, schemas, tables and columns, loaded as they are opened. */
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import {
  type Column,
  catalogs,
  columns,
  current,
  maskOf,
  refresh,
  refreshed,
  schemas,
  type TableRef,
  tables,
} from '../data/catalog.js';
import { quoted } from '../data/small.js';
import { insertText } from '../editor/editor.js';
import { Icon } from '../ui/icons.js';
import { Show, useLoad } from '../ui/load.js';
import { hrefOf } from '../ui/route.js';

export function Tree() {
  const search = useSignal('');
  return (
    <>
      <div class="side-head">
        <label class="sr" for="tree-search">
          Filter tables
        </label>
        <input
          id="tree-search"
          type="search"
          placeholder="Filter tables"
          value={search.value}
          onInput={(event) => {
            search.value = event.currentTarget.value;
          }}
        />
        <button type="button" class="plain" aria-label="Load the catalog again" onClick={refresh}>
          <Icon name="refresh" />
        </button>
      </div>
      <div class="tree" key={refreshed.value}>
        <Catalogs search={search.value.toLowerCase()} />
      </div>
    </>
  );
}

function Catalogs({ search }: { search: string }) {
  const loaded = useLoad(async () => ({ names: await catalogs(), here: await current() }));
  return (
    <Show loaded={loaded} what="catalogs">
      {({ names, here }) => (
        <ul>
          {names.map((catalog) => (
            <Branch key={catalog} icon="catalog" label={catalog} open={catalog === here.catalog}>
              <Schemas catalog={catalog} search={search} here={here.schema} />
            </Branch>
          ))}
        </ul>
      )}
    </Show>
  );
}

function Schemas({ catalog, search, here }: { catalog: string; search: string; here: string }) {
  const loaded = useLoad(() => schemas(catalog));
  return (
    <Show loaded={loaded} what="schemas">
      {(names) => (
        <ul>
          {names.map((schema) => (
            <Branch key={schema} icon="folder" label={schema} open={schema === here || names.length === 1}>
              <Tables catalog={catalog} schema={schema} search={search} />
            </Branch>
          ))}
          {names.length === 0 && <li class="quiet pad">No schema that you may see.</li>}
        </ul>
      )}
    </Show>
  );
}

function Tables({ catalog, schema, search }: { catalog: string; schema: string; search: string }) {
  const loaded = useLoad(() => tables(catalog, schema));
  return (
    <Show loaded={loaded} what="tables">
      {(entries) => {
        const shown = entries.filter(({ name }) => name.toLowerCase().includes(search));
        return (
          <ul>
            {shown.map(({ name, type }) => (
              <Branch
                key={name}
                icon={type === 'VIEW' ? 'view' : 'table'}
                label={name}
                href={hrefOf({ page: 'table', catalog, schema, table: name })}
                onInsert={() => insertText(quoted(catalog, schema, name))}
              >
                <Columns catalog={catalog} schema={schema} table={name} />
              </Branch>
            ))}
            {shown.length === 0 && <li class="quiet pad">{search === '' ? 'No tables.' : 'Nothing of that name.'}</li>}
          </ul>
        );
      }}
    </Show>
  );
}

function Columns(ref: TableRef) {
  const loaded = useLoad(() => columns(ref));
  return (
    <Show loaded={loaded} what="columns">
      {(list) => (
        <ul class="leaves">
          {list.map((column) => (
            <li key={column.name}>
              <button
                type="button"
                class="leaf"
                title={column.comment ?? undefined}
                onClick={() => insertText(quoted(column.name))}
              >
                <span class="name">{column.name}</span>
                <Mask column={column} />
                <span class="type">{column.type}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </Show>
  );
}

export function Mask({ column }: { column: Column }) {
  const mask = maskOf(column);
  if (mask === undefined) return null;
  return (
    <span class="badge warn" title={`The catalog masks this column for you: ${mask}`}>
      <Icon name="lock" /> masked
    </span>
  );
}

interface BranchProps {
  icon: 'catalog' | 'folder' | 'table' | 'view';
  label: string;
  open?: boolean;
  href?: string;
  onInsert?: () => void;
  children: ComponentChildren;
}

function Branch({ icon, label, open = false, href, onInsert, children }: BranchProps) {
  const isOpen = useSignal(open);
  return (
    <li>
      <div class="branch">
        <button
          type="button"
          class="fold"
          aria-expanded={isOpen.value}
          aria-label={`${isOpen.value ? 'Close' : 'Open'} ${label}`}
          onClick={() => {
            isOpen.value = !isOpen.value;
          }}
        >
          <Icon name="chevron" turned={isOpen.value} />
        </button>
        <Icon name={icon} />
        {href === undefined ? (
          <span class="label">{label}</span>
        ) : (
          <a class="label" href={href}>
            {label}
          </a>
        )}
        {onInsert !== undefined && (
          <button type="button" class="plain on-hover" aria-label={`Put ${label} into the editor`} onClick={onInsert}>
            <Icon name="plus" />
          </button>
        )}
      </div>
      {isOpen.value && children}
    </li>
  );
}
