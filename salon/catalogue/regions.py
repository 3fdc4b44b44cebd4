"""The federal states and cantons whose public holidays a salon can keep; the codes are those of `holidays`."""

from collections.abc import Mapping

REGIONS: Mapping[str, Mapping[str, str]] = {
    "DE": {
        "BW": "Baden-Württemberg", "BY": "Bayern", "BE": "Berlin", "BB": "Brandenburg", "HB": "Bremen",
        "HH": "Hamburg", "HE": "Hessen", "MV": "Mecklenburg-Vorpommern", "NI": "Niedersachsen",
        "NW": "Nordrhein-Westfalen", "RP": "Rheinland-Pfalz", "SL": "Saarland", "SN": "Sachsen",
        "ST": "Sachsen-Anhalt", "SH": "Schleswig-Holstein", "TH": "Thüringen",
    },
    "AT": {
        "1": "Burgenland", "2": "Kärnten", "3": "Niederösterreich", "4": "Oberösterreich", "5": "Salzburg",
        "6": "Steiermark", "7": "Tirol", "8": "Vorarlberg", "9": "Wien",
    },
    "CH": {
        "AG": "Aargau", "AR": "Appenzell Ausserrhoden", "AI": "Appenzell Innerrhoden", "BL": "Basel-Landschaft",
        "BS": "Basel-Stadt", "BE": "Bern", "FR": "Freiburg", "GE": "Genf", "GL": "Glarus", "GR": "Graubünden",
        "JU": "Jura", "LU": "Luzern", "NE": "Neuenburg", "NW": "Nidwalden", "OW": "Obwalden", "SH": "Schaffhausen",
        "SZ": "Schwyz", "SO": "Solothurn", "SG": "St. Gallen", "TI": "Tessin", "TG": "Thurgau", "UR": "Uri",
        "VD": "Waadt", "VS": "Wallis", "ZG": "Zug", "ZH": "Zürich",
    },
}  # fmt: skip
