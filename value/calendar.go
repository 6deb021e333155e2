package value

// The proleptic Gregorian calendar by integer arithmetic over the language's whole
// range. Years are counted with a year 0, days from 1970-01-01.
const (
	MinYear = -999_999_999
	MaxYear = 999_999_999

	MinDays    = -365243219162   // of -999999999-01-01
	MaxDays    = 365241780471    // of +999999999-12-31
	MinSeconds = MinDays * 86400 // of a local date-time
	MaxSeconds = MaxDays*86400 + 86399
	maxOffset  = 18 * 3600
)

// floorDiv divides rounding down; d > 0.
func floorDiv(a, d int64) int64 {
	q := a / d
	if a%d < 0 {
		q--
	}
	return q
}

func floorMod(a, d int64) int64 { return a - floorDiv(a, d)*d }

// DaysOf returns the day number of a date. Months and days beyond their range
// must not be given; see DaysIn.
func DaysOf(year int64, month, day int) int64 {
	// Years are taken from March, so that the leap day is the last of its year.
	y, m := year, int64(month)-3
	if m < 0 {
		y, m = y-1, m+12
	}
	era := floorDiv(y, 400)
	yoe := y - era*400
	doy := (153*m+2)/5 + int64(day) - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return era*146097 + doe - 719468
}

// Civil returns the year, month and day of a day number.
func Civil(days int64) (year int64, month, day int) {
	z := days + 719468
	era := floorDiv(z, 146097)
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	m := (5*doy + 2) / 153
	day = int(doy-(153*m+2)/5) + 1
	year = yoe + era*400
	if m += 3; m > 12 {
		m -= 12
		year++
	}
	return year, int(m), day
}

// IsLeap reports whether a year has 366 days.
func IsLeap(year int64) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

var monthDays = [...]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// DaysIn returns the number of days of a month.
func DaysIn(year int64, month int) int {
	if month == 2 && IsLeap(year) {
		return 29
	}
	return monthDays[month-1]
}

// Weekday returns 1 for Monday … 7 for Sunday.
func Weekday(days int64) int { return int(floorMod(days+3, 7)) + 1 }

// YearDay returns the day of the year, from 1.
func YearDay(days int64) int {
	y, _, _ := Civil(days)
	return int(days-DaysOf(y, 1, 1)) + 1
}

// WeekStart returns the Monday of ISO week 1 of a week year.
func WeekStart(weekYear int64) int64 {
	jan4 := DaysOf(weekYear, 1, 4)
	return jan4 - int64(Weekday(jan4)-1)
}

// Week returns the ISO week year and week of a day number.
func Week(days int64) (weekYear int64, week int) {
	thursday := days + int64(4-Weekday(days))
	weekYear, _, _ = Civil(thursday)
	return weekYear, int((days-WeekStart(weekYear))/7) + 1
}

// WeeksIn returns 52 or 53.
func WeeksIn(weekYear int64) int {
	return int(WeekStart(weekYear+1)-WeekStart(weekYear)) / 7
}

// AddMonths moves a day number by months; a day that the month lacks becomes its last.
// ok is false outside the language's range.
func AddMonths(days, months int64) (moved int64, ok bool) {
	if months < -25*MaxYear || months > 25*MaxYear {
		return 0, false
	}
	y, m, d := Civil(days)
	total := y*12 + int64(m-1) + months
	y, m = floorDiv(total, 12), int(floorMod(total, 12))+1
	if y < MinYear || y > MaxYear {
		return 0, false
	}
	return DaysOf(y, m, min(d, DaysIn(y, m))), true
}
