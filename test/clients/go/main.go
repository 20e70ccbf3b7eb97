// Skua through Arrow's Flight SQL client for Go.
//
//	go run . seed|full
//
// SKUA_ADDRESS, SKUA_TOKEN and SKUA_TEST_READER_TOKEN say which server, and as whom.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	pb "github.com/apache/arrow-go/v18/arrow/flight/gen/flight"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const events = "quickstart.demo.events"
const endless = "SELECT range AS a, md5(range::VARCHAR) AS b FROM range(100000000000)"

type session struct {
	*flightsql.Client
	ctx context.Context
}

func connect(token string) session {
	middleware := []flight.ClientMiddleware{flight.NewClientCookieMiddleware()}
	plain := grpc.WithTransportCredentials(insecure.NewCredentials())
	client, err := flightsql.NewClient(os.Getenv("SKUA_ADDRESS"), nil, middleware, plain)
	must(err)
	ctx := metadata.AppendToOutgoingContext(context.Background(), "authorization", "Bearer "+token)
	return session{client, ctx}
}

func (s session) rows(info *flight.FlightInfo, err error) ([]string, error) {
	if err != nil {
		return nil, err
	}
	var rows []string
	for _, endpoint := range info.Endpoint {
		reader, err := s.DoGet(s.ctx, endpoint.Ticket)
		if err != nil {
			return nil, err
		}
		for reader.Next() {
			rows = append(rows, textOf(reader.RecordBatch())...)
		}
		err = reader.Err()
		reader.Release()
		if err != nil {
			return nil, err
		}
	}
	return rows, nil
}

func textOf(batch arrow.RecordBatch) []string {
	rows := make([]string, batch.NumRows())
	for row := range rows {
		values := make([]string, batch.NumCols())
		for column := range values {
			values[column] = batch.Column(column).ValueStr(row)
		}
		rows[row] = strings.Join(values, "|")
	}
	return rows
}

func (s session) query(sql string) ([]string, error) {
	return s.rows(s.Execute(s.ctx, sql))
}

// bound runs a query with one row of parameters.
func (s session) bound(sql string, parameters arrow.RecordBatch) ([]string, error) {
	prepared, err := s.Prepare(s.ctx, sql)
	if err != nil {
		return nil, err
	}
	defer prepared.Close(s.ctx)
	prepared.SetParameters(parameters)
	return s.rows(prepared.Execute(s.ctx))
}

func record(types []arrow.DataType, rows ...[]any) arrow.RecordBatch {
	fields := make([]arrow.Field, len(types))
	for index, kind := range types {
		fields[index] = arrow.Field{Name: fmt.Sprint(index + 1), Type: kind, Nullable: true}
	}
	builder := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	defer builder.Release()
	for _, row := range rows {
		for index, value := range row {
			if value == nil {
				builder.Field(index).AppendNull()
				continue
			}
			switch field := builder.Field(index).(type) {
			case *array.Int64Builder:
				field.Append(int64(value.(int)))
			case *array.Float64Builder:
				field.Append(value.(float64))
			case *array.StringBuilder:
				field.Append(value.(string))
			case *array.BooleanBuilder:
				field.Append(value.(bool))
			case *array.BinaryBuilder:
				field.Append(value.([]byte))
			case *array.Date32Builder:
				field.Append(arrow.Date32FromTime(value.(time.Time)))
			case *array.TimestampBuilder:
				field.AppendTime(value.(time.Time))
			case *array.Decimal128Builder:
				field.Append(decimal128.FromI64(int64(value.(int))))
			default:
				panic(fmt.Sprintf("no builder for %T", field))
			}
		}
	}
	return builder.NewRecordBatch()
}

var (
	long    = arrow.PrimitiveTypes.Int64
	double  = arrow.PrimitiveTypes.Float64
	text    = arrow.BinaryTypes.String
	money   = &arrow.Decimal128Type{Precision: 10, Scale: 2}
	moment  = &arrow.TimestampType{Unit: arrow.Microsecond}
	instant = &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
)

func seed() {
	admin := connect(os.Getenv("SKUA_TOKEN"))
	defer admin.Close()
	equal("SHOW SCHEMAS gives demo", answer(admin.query("SHOW SCHEMAS")), "demo")
	for _, sql := range []string{
		"DROP TABLE IF EXISTS " + events,
		"CREATE TABLE " + events + " (id BIGINT, kind VARCHAR, amount DOUBLE)",
	} {
		_, err := admin.ExecuteUpdate(admin.ctx, sql)
		equal(sql, err, nil)
	}
	inserted, err := admin.ExecuteUpdate(admin.ctx, "INSERT INTO "+events+
		" VALUES (1,'click',1.50),(2,'purchase',42.00),(3,'click',0.75),(4,'purchase',13.25)")
	equal("the INSERT reports 4 rows", fmt.Sprint(inserted, err), "4 <nil>")
	totals := "SELECT kind, COUNT(*) AS n, ROUND(SUM(amount), 2) AS total FROM " + events + " GROUP BY kind ORDER BY total DESC"
	equal("the totals", answer(admin.query(totals)), "purchase|2|55.25; click|2|2.25")

	if token := os.Getenv("SKUA_TEST_READER_TOKEN"); token != "" {
		reader := connect(token)
		defer reader.Close()
		equal("a reader counts 4", answer(reader.query("SELECT COUNT(*) FROM "+events)), "4")
		_, err := reader.ExecuteUpdate(reader.ctx, "INSERT INTO "+events+" VALUES (5,'click',1.0)")
		refused("a reader's INSERT is refused in the catalog's words", err, codes.PermissionDenied, "is not authorized for op")
	}
	forged := connect("not.a.real.jwt")
	defer forged.Close()
	_, err = forged.query("SELECT 1")
	refused("a forged token is refused", err, codes.Unauthenticated, "")
}

func parameters(s session) {
	day := time.Date(2026, 3, 9, 1, 2, 3, 0, time.UTC)
	for _, c := range []struct {
		sql    string
		types  []arrow.DataType
		values []any
		want   string
	}{
		{"SELECT ? + 1", []arrow.DataType{long}, []any{41}, "42"},
		{"SELECT abs(?)", []arrow.DataType{double}, []any{-2.5}, "2.5"},
		{"SELECT upper(?) || ?", []arrow.DataType{text, text}, []any{"a'", "b"}, "A'b"},
		{"SELECT NOT ?", []arrow.DataType{arrow.FixedWidthTypes.Boolean}, []any{false}, "true"},
		{"SELECT octet_length(?)", []arrow.DataType{arrow.BinaryTypes.Binary}, []any{[]byte{0, 255}}, "2"},
		{"SELECT year(?), month(?)", []arrow.DataType{arrow.FixedWidthTypes.Date32, moment}, []any{day, day}, "2026|3"},
		{"SELECT date_trunc('month', ?)", []arrow.DataType{instant}, []any{day}, "2026-03-01T00:00:00Z"},
		{"SELECT ? * 2", []arrow.DataType{money}, []any{1250}, "25"},
		{"SELECT ? IS NULL OR 1 = ?", []arrow.DataType{long, long}, []any{nil, nil}, "true"},
		{"SELECT coalesce(?, 7)", []arrow.DataType{long}, []any{nil}, "7"},
		{"SELECT kind FROM " + events + " WHERE id = ? AND amount > ?", []arrow.DataType{long, double}, []any{2, 1.0}, "purchase"},
	} {
		equal(fmt.Sprint(c.sql, " with ", c.values), answer(s.bound(c.sql, record(c.types, c.values))), c.want)
	}

	prepared, err := s.Prepare(s.ctx, "SELECT CAST(? AS BIGINT) AS a, CAST(? AS VARCHAR) AS b")
	must(err)
	var types []string
	for _, field := range prepared.ParameterSchema().Fields() {
		types = append(types, field.Type.String())
	}
	equal("a prepared statement tells the types of its parameters", strings.Join(types, " "), "int64 utf8")
	equal("and its columns", prepared.DatasetSchema().Field(1).Name, "b")
	for _, n := range []int{1, 2} {
		prepared.SetParameters(record([]arrow.DataType{long, text}, []any{n, "x"}))
		equal("it runs again with other values", answer(s.rows(prepared.Execute(s.ctx))), fmt.Sprintf("%d|x", n))
	}
	must(prepared.Close(s.ctx))

	change := func(sql string, rows arrow.RecordBatch) string {
		prepared, err := s.Prepare(s.ctx, sql)
		must(err)
		defer prepared.Close(s.ctx)
		prepared.SetParameters(rows)
		count, err := prepared.ExecuteUpdate(s.ctx)
		return fmt.Sprint(count, err)
	}
	table := "quickstart.demo.go_many"
	update(s, "DROP TABLE IF EXISTS "+table)
	update(s, "CREATE TABLE "+table+" (id BIGINT, name VARCHAR, price DECIMAL(10, 2), day DATE)")
	inserts := record([]arrow.DataType{long, text, money, arrow.FixedWidthTypes.Date32},
		[]any{1, "one", 150, day}, []any{2, nil, nil, nil}, []any{3, "three", -5, day})
	equal("rows of parameters are all inserted", change("INSERT INTO "+table+" VALUES (?, ?, ?, ?)", inserts), "3 <nil>")
	equal("and are there", answer(s.query("SELECT * FROM "+table+" ORDER BY id")),
		"1|one|1.5|2026-03-09; 2|(null)|(null)|(null); 3|three|-0.05|2026-03-09")
	equal("UPDATE with parameters", change("UPDATE "+table+" SET id = id + ? WHERE name = ?",
		record([]arrow.DataType{long, text}, []any{10, "one"})), "1 <nil>")
	update(s, "DROP TABLE "+table)
}

func ingest(s session) {
	catalog, schema, table := "quickstart", "demo", "go_ingest"
	update(s, "DROP TABLE IF EXISTS quickstart.demo.go_ingest")
	put := func(missing flightsql.TableDefinitionOptionsTableNotExistOption, there flightsql.TableDefinitionOptionsTableExistsOption) string {
		batch := record([]arrow.DataType{long, text, instant}, []any{1, "a", time.Unix(0, 0)}, []any{2, nil, nil})
		reader, err := array.NewRecordReader(batch.Schema(), []arrow.RecordBatch{batch})
		must(err)
		count, err := s.ExecuteIngest(s.ctx, reader, &flightsql.ExecuteIngestOpts{
			TableDefinitionOptions: &flightsql.TableDefinitionOptions{IfNotExist: missing, IfExists: there},
			Table:                  table, Catalog: &catalog, Schema: &schema,
		})
		return fmt.Sprint(count, " ", status.Code(err))
	}
	create, fail := flightsql.TableDefinitionOptionsTableNotExistOptionCreate, flightsql.TableDefinitionOptionsTableNotExistOptionFail
	equal("ingest into a table that is not there", put(fail, flightsql.TableDefinitionOptionsTableExistsOptionAppend), "0 NotFound")
	equal("ingest makes a table", put(create, flightsql.TableDefinitionOptionsTableExistsOptionFail), "2 OK")
	equal("but not twice", put(create, flightsql.TableDefinitionOptionsTableExistsOptionFail), "0 AlreadyExists")
	equal("it appends", put(fail, flightsql.TableDefinitionOptionsTableExistsOptionAppend), "2 OK")
	equal("and replaces", put(create, flightsql.TableDefinitionOptionsTableExistsOptionReplace), "2 OK")
	equal("what it holds then", answer(s.query("SELECT * FROM quickstart.demo.go_ingest ORDER BY 1")), "1|a|1970-01-01T00:00:00Z; 2|(null)|(null)")
	update(s, "DROP TABLE quickstart.demo.go_ingest")
}

func catalogs(s session) {
	catalog, schema, like := "quickstart", "demo", "ev%"
	contains("GetCatalogs", answer(s.rows(s.GetCatalogs(s.ctx))), "quickstart")
	contains("GetDBSchemas", answer(s.rows(s.GetDBSchemas(s.ctx, &flightsql.GetDBSchemasOpts{Catalog: &catalog}))), "quickstart|demo")
	options := &flightsql.GetTablesOpts{Catalog: &catalog, DbSchemaFilterPattern: &schema, TableNameFilterPattern: &like}
	equal("GetTables by pattern", answer(s.rows(s.GetTables(s.ctx, options))), "quickstart|demo|events|TABLE")
	contains("GetTableTypes", answer(s.rows(s.GetTableTypes(s.ctx))), "VIEW")
	contains("GetSqlInfo names the server", answer(s.rows(s.GetSqlInfo(s.ctx, []flightsql.SqlInfo{flightsql.SqlInfoFlightSqlServerName}))), "Skua")
	contains("GetXdbcTypeInfo", strings.ToUpper(answer(s.rows(s.GetXdbcTypeInfo(s.ctx, nil)))), "BIGINT")
	equal("GetPrimaryKeys of a table without", answer(s.rows(s.GetPrimaryKeys(s.ctx, flightsql.TableRef{Catalog: &catalog, DBSchema: &schema, Table: "events"}))), "")
}

func transactions(s session) {
	table := "quickstart.demo.go_tx"
	update(s, "DROP TABLE IF EXISTS "+table)
	update(s, "CREATE TABLE "+table+" (id BIGINT)")
	for _, commits := range []bool{false, true} {
		tx, err := s.BeginTransaction(s.ctx)
		must(err)
		count, err := tx.ExecuteUpdate(s.ctx, "INSERT INTO "+table+" VALUES (1), (2)")
		equal("a change in a transaction", fmt.Sprint(count, err), "2 <nil>")
		equal("is seen in it", answer(s.rows(tx.Execute(s.ctx, "SELECT COUNT(*) FROM "+table))), "2")
		equal("and not outside", answer(s.query("SELECT COUNT(*) FROM "+table)), "0")
		if commits {
			must(tx.Commit(s.ctx))
			equal("COMMIT keeps it", answer(s.query("SELECT COUNT(*) FROM "+table)), "2")
		} else {
			must(tx.Rollback(s.ctx))
			equal("ROLLBACK does not", answer(s.query("SELECT COUNT(*) FROM "+table)), "0")
		}
	}
	update(s, "DROP TABLE "+table)
}

func errorsAndCancel(s session) {
	_, err := s.query("SELEC 1")
	refused("a syntax error", err, codes.InvalidArgument, "")
	_, err = s.query("SELECT * FROM quickstart.demo.no_such_table")
	refused("a table that is not there", err, codes.NotFound, "no_such_table")

	info, err := s.Execute(s.ctx, endless)
	must(err)
	reader, err := s.DoGet(s.ctx, info.Endpoint[0].Ticket)
	must(err)
	equal("a long query begins", reader.Next(), true)
	result, err := s.CancelFlightInfo(s.ctx, &flight.CancelFlightInfoRequest{Info: info})
	must(err)
	stopped := result.Status == pb.CancelStatus_CANCEL_STATUS_CANCELLED || result.Status == pb.CancelStatus_CANCEL_STATUS_CANCELLING
	equal("CancelFlightInfo stops it", stopped, true)
	for reader.Next() {
	}
	refused("and its stream does not end as if it were whole", reader.Err(), codes.Canceled, "")
	reader.Release()

	ctx, cancel := context.WithCancel(s.ctx)
	info, err = s.Execute(ctx, endless)
	must(err)
	reader, err = s.DoGet(ctx, info.Endpoint[0].Ticket)
	must(err)
	equal("another one begins", reader.Next(), true)
	cancel()
	for reader.Next() {
	}
	refused("and ends with its context", reader.Err(), codes.Canceled, "")
	reader.Release()
	equal("the session goes on", answer(s.query("SELECT 1")), "1")
}

func update(s session, sql string) {
	_, err := s.ExecuteUpdate(s.ctx, sql)
	must(err)
}

func answer(rows []string, err error) string {
	if err != nil {
		return err.Error()
	}
	return strings.Join(rows, "; ")
}

var failed = 0

func check(what string, holds bool, got any) {
	if holds {
		fmt.Println("ok     ", what)
		return
	}
	failed++
	fmt.Printf("FAILED  %s: %v\n", what, got)
}

func equal(what string, got, want any) { check(what, got == want, got) }

func contains(what, got, want string) { check(what, strings.Contains(got, want), got) }

func refused(what string, err error, code codes.Code, sentence string) {
	found := status.Code(err)
	if errors.Is(err, context.Canceled) {
		found = codes.Canceled
	}
	check(what, found == code && strings.Contains(fmt.Sprint(err), sentence), err)
}

func must(err error) {
	if err != nil {
		fmt.Println("FAILED ", err)
		os.Exit(1)
	}
}

func main() {
	seed()
	if len(os.Args) > 1 && os.Args[1] == "full" {
		s := connect(os.Getenv("SKUA_TOKEN"))
		defer s.Close()
		parameters(s)
		ingest(s)
		catalogs(s)
		transactions(s)
		errorsAndCancel(s)
	}
	if failed > 0 {
		os.Exit(1)
	}
}
