package main

import (
	"database/sql"
	"fmt"
	"log"
	"os"

	_ "github.com/apache/arrow-go/v18/arrow/flight/flightsql/driver"
)

const table = "quickstart.demo.example_go"

func main() {
	address := os.Getenv("SKUA_ADDRESS")
	if address == "" {
		address = "127.0.0.1:50051"
	}
	db, err := sql.Open("flightsql", "flightsql://"+address+"?token="+os.Getenv("SKUA_TOKEN"))
	must(err)
	defer db.Close()
	_, err = db.Exec("CREATE OR REPLACE TABLE " + table + " (kind VARCHAR, amount DECIMAL(10, 2))")
	must(err)
	// The driver binds no decimals.
	row := "(?, CAST(? AS DOUBLE))"
	insert := "INSERT INTO " + table + " VALUES " + row + ", " + row + ", " + row
	_, err = db.Exec(insert, "click", 2.5, "view", 1.5, "click", 1.25)
	must(err)
	rows, err := db.Query("SELECT kind, sum(amount)::DOUBLE AS total FROM " + table + " GROUP BY kind ORDER BY kind")
	must(err)
	defer rows.Close()
	for rows.Next() {
		var kind string
		var total float64
		must(rows.Scan(&kind, &total))
		fmt.Printf("%s %.2f\n", kind, total)
	}
	must(rows.Err())
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
