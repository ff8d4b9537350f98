"""A district of two towns, readable at a glance, on the morning of 14 July 2022.

Baisha (T1) has the communities Cexian (C1: grids G11, G12) and Donghua (C2: G21); Huanshi (T2) has Liyuan
(C3: grid L-1, a code of another shape, and P-9, a park where nobody lives). Round M4 runs 07:00–10:00 in Cexian,
the district round D3 from 06:00 until 14:00 elsewhere. Baisha's sites report to `baisha`, Huanshi's to `huanshi`.
"""
# ruff: noqa: E501  (text tables are as wide as their columns)

REFERENCE = """
feed: feed_code feed_name feed_name_en kind town_code silent_after_min sort_order
baisha   白沙   Baisha   registrations T1 5  1
huanshi  环市   Huanshi  registrations T2 5  2
checkin  签到   Check-in staff         -  30 3
orders   风险区令 Orders  orders        -  -  4

town: town_code town_name town_name_en label_lon label_lat
T1 白沙街道 Baisha  113.07 22.58
T2 环市街道 Huanshi 113.09 22.60

community: community_code community_name community_name_en town_code label_lon label_lat
C1 侧贤 Cexian  T1 113.071 22.581
C2 东华 Donghua T1 113.075 22.584
C3 丽苑 Liyuan  T2 113.091 22.601

grid: grid_code grid_name grid_name_en community_code town_code has_party_organisation area_km2 label_lon label_lat resident_count household_count building_count vulnerable_count
G11 侧贤社区第1网格 Cexian-1  C1 T1 true  0.2 113.070 22.580 100 40 2 12
G12 侧贤社区第2网格 Cexian-2  C1 T1 true  0.3 113.072 22.580 60  25 1 5
G21 东华社区第1网格 Donghua-1 C2 T1 true  0.2 113.075 22.584 200 80 2 30
L-1 丽苑社区第1网格 Liyuan-1  C3 T2 false 0.4 113.091 22.601 50  20 1 4
P-9 公园           Park      C3 T2 -     0.5 113.095 22.605 0   0  0 0

building: building_code building_name building_name_en grid_code lon lat radius_m household_count resident_count vulnerable_count
B38  侧贤里38号 38-Cexianli G11 113.0701 22.5801 14 10 25 3
B39  侧贤里39号 39-Cexianli G11 113.0703 22.5801 14 8  20 2
B117 凤阳里117号 117-Fengyangli G21 113.0751 22.5841 15 12 30 4

site: site_code site_name site_name_en grid_code lon lat feed_code unit_count is_sampling_reported leader_staff_code party_branch_name
S1 侧贤采样点 Cexian-site  G12 113.072 22.580 baisha  4 true  L12 侧贤采样点临时党支部
S2 东华名岸   Donghua-Mingan G21 113.075 22.584 baisha  6 true  L21 东华名岸临时党支部
S3 丽苑采样点 Liyuan-site  L-1 113.091 22.601 huanshi 2 true  L31 丽苑采样点临时党支部
S4 公园采样点 Park-site    P-9 113.095 22.605 huanshi 2 false L31 公园采样点临时党支部

staff: staff_code role origin town_code community_code grid_code stand_in_staff_code
T1L street_leader   community   T1 -  -   -
C1C community_cadre community   T1 C1 -   -
L11 grid_leader     community   T1 C1 G11 -
L12 grid_leader     community   T1 C1 G12 -
L21 grid_leader     community   T1 C2 G21 -
L31 grid_leader     community   T2 C3 L-1 -
F11 full_time       community   T1 C1 G11 F12
F12 full_time       new_recruit T1 C1 G11 F11
P11 part_time       private_firm T1 C1 G11 -
P12 part_time       private_firm T1 C1 G12 -
V21 volunteer       retired_cadre T1 C2 G21 -
M1  medic           hospital    -  -  -   -

round: round_code round_name round_name_en scope starts_at deadline_at closes_at target_count
D2 全员筛查第2轮 District-2 district  12T06:00 12T14:00 12T22:00 410
D3 全员筛查第3轮 District-3 district  06:00 14:00 22:00 250
M4 加密筛查    Zone-round community 07:00 10:00 10:00 160

round_grid: round_code grid_code target_count household_count
D2 G11 100 40
D2 G12 60 25
D2 G21 200 80
D2 L-1 50 20
D2 P-9 0 0
D3 G21 200 80
D3 L-1 50 20
D3 P-9 0 0
M4 G11 100 40
M4 G12 60 25

zone_order: order_code zone_code zone_name zone_name_en level extent_no issued_at effective_at ends_at party_branch_name sort_order
O1 Z1 侧贤里38号、39号 38,39-Cexianli high   1 9T17:30 9T18:00 - 第一网格区临时党支部 1
O2 Z2 侧贤         Cexian         medium 2 9T17:30 9T18:00 - - 2
O3 Z3 东华         Donghua        low    3 9T17:30 9T18:00 - - 3
O4 Z1 侧贤里38号、39号 38,39-Cexianli medium 1 15T21:00 16T00:00 - 第一网格区临时党支部 1
O5 Z2 侧贤         Cexian         low    2 15T21:00 16T00:00 - - 2

zone_extent: extent_no extent_kind
1 building
2 community
3 community

zone_member: extent_no member_code geojson
1 B38 {"b38"}
1 B39 {"b39"}
2 C1  {"c1"}
3 C2  {"c2"}
"""

# Until 08:40: Cexian's site keeps up, Donghua's is jammed, Liyuan's has closed, the park's never reports sampling.
MORNING = """
feed_state: feed_code last_event_at last_received_at file_count row_count accepted_count duplicate_count corrected_count quarantined_count
baisha  08:39:50 08:40:10 12 1020 1000 10 5 5
huanshi 08:38:00 08:40:05 6  210  200  4  3 3
checkin 08:31    08:32    3  30   29   1  0 0

feed_bucket: feed_code bucket_start_at row_count
baisha  07:00 400
baisha  08:20 300
baisha  08:35 320
huanshi 07:00 120
huanshi 08:35 90
checkin 06:00 20
checkin 08:30 10

quarantine_count: feed_code log_kind reason row_count
baisha  registration unknown_site 3
baisha  registration check_digit  2
huanshi registration check_digit  3

site_bucket: bucket_start_at site_code channel registered_count sampled_count waited_count wait_s_sum
12T09:00 S1 self 9 9 9 900
07:00 S1 self     40 30 30 9000
08:20 S1 self     20 20 20 6000
08:25 S1 assisted 10 20 20 9000
08:30 S1 self     20 20 20 9000
08:35 S1 self     10 10 10 4000
07:00 S2 self     90 10 10 3000
08:20 S2 self     40 10 10 18000
08:25 S2 assisted 30 10 10 19000
08:30 S2 green    20 10 10 19000
08:35 S2 self     10 10 10 20000
07:00 S3 self     30 30 30 6000
08:35 S4 self     15 0  0  0

round_unit: round_code site_code unit_no channel registered_count sampled_count
-  S1 1 self 9 9
M4 S1 1 self     60 50
M4 S1 2 self     30 30
M4 S1 2 assisted 10 20
D3 S2 1 self     140 30
D3 S2 1 assisted 30 10
D3 S2 2 green    20 10
D3 S3 1 self     30 30
D3 S4 - self     15 0

grid_bucket: bucket_start_at grid_code round_code registered_person_count covered_person_count seen_household_count
12T09:00 G11 D2 9 9 5
07:00 G11 M4 30 20 12
08:25 G11 M4 20 20 8
08:35 G12 M4 62 62 25
07:00 G21 D3 90 10 30
08:30 G21 D3 50 20 15
07:00 L-1 D3 30 30 12
08:35 P-9 D3 2 2 1

unit_event: site_code unit_no event event_at
S1 1 open  06:00
S1 2 open  06:00
S1 3 open  06:00
S1 3 close 08:00
S2 1 open  06:30
S2 2 open  06:30
S3 1 open  06:00
S3 1 close 08:00

staff_event: staff_code role event event_at post_kind post_code whistle_code
L11 grid_leader check_in  06:00 grid G11 -
L12 grid_leader check_in  06:00 site S1 -
L21 grid_leader check_in  13T06:00 site S2 -
F11 full_time   check_in  06:10 zone Z1 -
F12 full_time   check_in  06:10 building B38 -
F12 full_time   check_out 08:00 building B38 -
P11 part_time   check_in  08:10 checkpoint K7 W1
P12 part_time   check_in  08:30 site S2 W1
V21 volunteer   check_in  08:20 vehicle V-3 W2
M1  medic       check_in  06:00 checkpoint K7 -

whistle: whistle_code raised_at due_at closed_at place_kind place_code place_name place_name_en role needed_count
W1 08:00 09:00 - community C1 侧贤 Cexian part_time 6
W2 08:10 08:30 - site S2 东华名岸 Donghua-Mingan volunteer 1
W3 08:38 09:38 - place - 东湖广场 Donghu-Square volunteer 20
"""
