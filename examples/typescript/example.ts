import { connect } from 'skua/client';

const client = connect({
  address: process.env.SKUA_ADDRESS ?? '127.0.0.1:50051',
  token: () => process.env.SKUA_TOKEN ?? '',
});
const table = 'quickstart.demo.example_typescript';

try {
  await client.executeUpdate(`CREATE OR REPLACE TABLE ${table} (kind VARCHAR, amount DECIMAL(10, 2))`);
  const rows: [string, string][] = [
    ['click', '2.50'],
    ['view', '1.50'],
    ['click', '1.25'],
  ];
  await client.executeUpdate(`INSERT INTO ${table} VALUES (?, ?), (?, ?), (?, ?)`, { parameters: rows.flat() });
  const sums = await client.execute(`SELECT kind, sum(amount) AS total FROM ${table} GROUP BY kind ORDER BY kind`);
  for await (const { kind, total } of sums.rows()) console.log(kind, total);
} finally {
  client.close();
}
