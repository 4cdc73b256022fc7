/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_gt06_decode_test.c - what 78 78 messages of the GT06 family say
 *
 * Contents are written by hand from the description of the types.
 */
#include "track_gt06.h"

#include "track_gt06_decode_test.h"

static const struct row rows[] = {
	{ "login", 0x78, "01" IMEI,
	  "'device_id':" ID ",'type':'login','keyword':'01'" },
	{ "login with type and zone", 0x78, "01" IMEI "7000 3201",
	  "'device_id':" ID ",'type':'login','keyword':'01'" },
	{ "a short login", 0x78,
	  "01"
	  "012345678901",
	  "'type':'login','keyword':'01'" },
	{ "fix", 0x78, "10" FIX,
	  POSITION("10") SAYS ",'attributes':{'type':16}}]" },
	/* a cell of four bytes: 0x0102030405 is lac 0x0102, cell 0x03040506 */
	{ "fix and cell", 0x78, "11" FIX "01cc 0002 0102 03040506",
	  POSITION("11") SAYS ",'attributes':{'type':17},'cells':[{'mcc':460,"
			      "'mnc':2,'lac':258,'cid':50595078}]}]" },
	{ "12", 0x78, "12" FIX CELL,
	  POSITION("12") SAYS ",'attributes':{'type':18}" LBS "}]" },
	{ "12 with odometer", 0x78, "12" FIX CELL "00012345",
	  POSITION("12") SAYS ",'attributes':{'type':18,'odometer':74565}" LBS
			      "}]" },
	/* bit 15 ignition, bit 14 input; 0x1a = 26 degrees below zero: bit 12
	 * and sign bit 9 */
	{ "12 of BENWAY", 0x78, "12" FIX CELL "d21a",
	  POSITION("12") SAYS
	  ",'attributes':{'type':18,'ignition':true,'in2':true,"
	  "'temp1':-26}" LBS "}]" },
	/* 0x07b = 123 tenths; bit 13: 123 whole */
	{ "12 of BENWAY, volts", 0x78, "12" FIX CELL "007b",
	  POSITION("12") SAYS
	  ",'attributes':{'type':18,'ignition':false,'in2':false,"
	  "'adc1':12.3}" LBS "}]" },
	{ "12 of BENWAY, number", 0x78, "12" FIX CELL "207b",
	  POSITION("12") SAYS
	  ",'attributes':{'type':18,'ignition':false,'in2':false,"
	  "'adc1':123}" LBS "}]" },
	/* LENGTH 0x24 = 36: 1 + 18 + 8 + 5 + 4; alarm bits 111 */
	{ "12 of VXT01", 0x78, "12" FIX CELL "78 0571 04 00",
	  POSITION("12") SAYS
	  ",'attributes':{'type':18,'status':120,'ignition':false,"
	  "'charge':false,'blocked':false,'alarm':'overspeed','power':13.93,"
	  "'rssi':4}" LBS "}]" },
	/* 41 = 1 + 18 + 8 + 4 + 1 + 1 + 1 + 1 + 2 + 4 */
	{ "12 of WETRUST", 0x78, "12" FIX CELL "000003e8 01 37 01 02 0258",
	  POSITION("12") SAYS
	  ",'attributes':{'type':18,'odometer':1000,'card':'7',"
	  "'alarm':'general','cardStatus':2,'drivingTime':600}" LBS "}]" },
	/* 43 = 1 + 18 + 8 + 12 + 4; 0x85: 5 degrees below zero */
	{ "12 of S5", 0x78, "12" FIX CELL "46 0571 04 06 0010 85 00000064",
	  POSITION("12") SAYS
	  ",'attributes':{'type':18,'status':70,'ignition':true,"
	  "'charge':true,'blocked':false,'power':13.93,'rssi':4,"
	  "'alarm':'overspeed','oil':16,'temp1':-5,'odometer':1000}" LBS "}]" },
	/* 113 = 1 + 18 + 8 + 4 + 1 + 75 + 2 + 4 */
	{ "12 with a card", 0x78,
	  "12" FIX CELL "000003e8 4b"
	  "25313233 2020202020 2020202020 2020202020 2020202020 2020202020"
	  "2020202020 2020202020 2020202020 2020202020 2020202020 2020202020"
	  "2020202020 2020202020 2020202020 20 00 01",
	  POSITION("12") SAYS ",'attributes':{'type':18,'odometer':1000,"
			      "'card':'%123'}" LBS "}]" },
	{ "12 of QH302R", 0x78, "12" IMEI FIX CELL,
	  "'device_id':" ID "," POSITION("12") SAYS
	  ",'attributes':{'type':18}" LBS "}]" },
	{ "heartbeat", 0x78, "13" STATE "0002",
	  "'type':'heartbeat','keyword':'13','attributes':{'type':19," STATE_SAYS
	  "}" },
	{ "heartbeat, per cent, alarm", 0x78, "13 98 64 1f 0901",
	  "'type':'heartbeat','keyword':'13','attributes':{'type':19,'status':152,"
	  "'ignition':false,'charge':false,'blocked':true,"
	  "'alarm':'lowBattery,vibration','batteryLevel':100,'rssi':31}" },
	/* satellites 3 << 10 and 5 << 5, signal 26: 0x0c00 + 0xa0 + 0x1a */
	{ "heartbeat of OBD6", 0x78, "13 02 0cba 01 02 2e 04 016f 00 003a 011c",
	  "'type':'heartbeat','keyword':'13','attributes':{'type':19,'status':2,"
	  "'ignition':true,'charge':false,'blocked':false,'sat':8,'rssi':26,"
	  "'alarm':'sos','batteryLevel':46,'power':3.67,'temp1':28.4}" },
	{ "... in another mode", 0x78,
	  "13 02 0cba 00 02 2e 01 016f 00 003a 0177",
	  "'type':'heartbeat','keyword':'13','attributes':{'type':19,'status':2,"
	  "'ignition':true,'charge':false,'blocked':false,'sat':8,'rssi':26,"
	  "'batteryLevel':46,'power':3.67}" },
	/* 5 bytes, battery, 8 bytes, and 25.3 degrees above zero: bit 15 */
	{ "heartbeat with temperature", 0x78,
	  "13 4000000000 55 0000000000000000 80fd",
	  "'type':'heartbeat','keyword':'13','attributes':{'batteryLevel':85,"
	  "'temp1':25.3}" },
	{ "answer", 0x78, "15 08 00000001 4f4b2121 0002",
	  "'type':'reply','keyword':'15','attributes':{'result':'OK!!'}" },
	{ "answer without length", 0x78, "15 00 00000000 4f4b210000 0001",
	  "'type':'reply','keyword':'15','attributes':{'result':'OK!'}" },
	{ "number of the SIM", 0x78,
	  "15 20 00000000 3c49434349443a"
	  "3839303132333435363738393031323334353637 3e 0002",
	  "'type':'reply','keyword':'15','attributes':{"
	  "'iccid':'89012345678901234567'}" },
	{ "alarm", 0x78, "16" FIX "09" CELL "56 04 03 02 02",
	  ALARM("16") SAYS
	  ",'attributes':{'type':22,'status':86,'ignition':true,"
	  "'charge':true,'blocked':false,'alarm':'powerCut','batteryLevel':66,"
	  "'rssi':3}" LBS "}]" },
	{ "alarm without a cell", 0x78, "16" FIX "00" STATE "03 02",
	  ALARM("16") SAYS ",'attributes':{'type':22," STATE_SAYS
			   ",'alarm':'vibration'}}]" },
	{ "alarm with odometer", 0x78,
	  "26" FIX "09" CELL STATE "14 02 00012345",
	  ALARM("26") SAYS ",'attributes':{'type':38," STATE_SAYS
			   ",'alarm':'door',"
			   "'odometer':74565}" LBS "}]" },
	{ "alarm of a fence", 0x78, "27" FIX "09" CELL STATE "04 02 07",
	  ALARM("27") SAYS ",'attributes':{'type':39," STATE_SAYS ",'alarm':"
			   "'geofenceEnter','geofence':7}" LBS "}]" },
	/* 0x107: seven, and the language's upper four bits */
	{ "wide alarm", 0x78, "27" FIX "09" CELL STATE "07 12 ff",
	  ALARM("27") SAYS ",'attributes':{'type':39," STATE_SAYS
			   ",'alarm':'jamming',"
			   "'geofence':255}" LBS "}]" },
	/* 36 = 1 + 18 + 8 + 5 + 4, no length before the cell; an extension */
	{ "alarm of VXT01", 0x78, "16" FIX CELL STATE "01 02",
	  ALARM("16") SAYS ",'attributes':{'type':22," STATE_SAYS "}" LBS
			   "}]" },
	/* 38 = 1 + 18 + 1 + 9 + 5 + 4: cell 0x0328e7a0 = 53012384 */
	{ "alarm of SEEWORLD", 0x78,
	  "16" FIX "09 01cc 02 25ef 0328e7a0" STATE "13 02",
	  ALARM("16") SAYS
	  ",'attributes':{'type':22," STATE_SAYS ",'alarm':'tampering'},"
	  "'cells':[{'mcc':460,'mnc':2,'lac':9711,'cid':53012384}]}]" },
	{ "alarm of VL103", 0x78,
	  "16" FIX "08" CELL STATE "ea 01 0a0b000000000cfe",
	  ALARM("16") SAYS ",'attributes':{'type':22," STATE_SAYS
			   ",'driverUniqueId':"
			   "'0a0b000000000cfe'}" LBS "}]" },
	{ "a card", 0x78, "17" FIX CELL "0b00000000000a01 01",
	  POSITION("17") SAYS ",'attributes':{'type':23,'driverUniqueId':"
			      "'0b00000000000a01'}" LBS "}]" },
	/* two access points, one cell, two digits a byte */
	{ "access points", 0,
	  "7878 02 69 261121083015 0102030405ff 4d 0a0b0c0d0e0f d1"
	  "01 00cc 04 00d3 7a3d 5a 0d0a",
	  "'length_ok':false,'checksum_ok':false," POSITION("69") WHEN
	  "," NOT ",'cells':[{"
	  "'mcc':204,'mnc':4,'lac':211,'cid':31293,'rssi':-90}],'wifi':[{"
	  "'mac':'01:02:03:04:05:ff','rssi':-77},{'mac':'0a:0b:0c:0d:0e:0f','rssi':-47}]}]" },
	{ "cells alone", 0,
	  "7878 00 17 261121083015 02 00cc 04 00d37a3d5a 00d37a3c50 0d0a",
	  "'length_ok':false,'checksum_ok':false," POSITION("17") WHEN
	  "," NOT ",'cells':[{"
	  "'mcc':204,'mnc':4,'lac':211,'cid':31293,'rssi':-90},{"
	  "'mcc':204,'mnc':4,'lac':211,'cid':31292,'rssi':-80}]}]" },
	{ "state and cell", 0x78, "19" CELL STATE "0102",
	  ALARM("19") NOT ",'attributes':{'type':25," STATE_SAYS
			  ",'alarm':'sos'}" LBS "}]" },
	{ "19 of another form", 0x78, "19" CELL STATE "0102 0000000000",
	  "'type':'alarm','keyword':'19'" },
	{ "1A", 0x78, "1a" FIX "3132333435000000000000000000000000000000000001",
	  POSITION("1A") SAYS ",'attributes':{'type':26,'phone':'12345'}}]" },
	{ "1E", 0x78,
	  "1e" FIX "01cc 02 25ef 40e88c 40 0000 000000 00"
	  "25ef 40e88d 41 0000000000ff 0000000000ff 0000000000ff 0000000000ff ff",
	  POSITION("1E") SAYS
	  ",'attributes':{'type':30},'cells':[{'mcc':460,'mnc':2,"
	  "'lac':9711,'cid':4253836,'rssi':-64},{'mcc':460,'mnc':2,'lac':9711,"
	  "'cid':4253837,'rssi':-65}]}]" },
	{ "22", 0x78, "22" FIX CELL "01 03 01",
	  POSITION("22") SAYS
	  ",'attributes':{'type':34,'ignition':true,'event':3,"
	  "'archive':true}" LBS "}]" },
	{ "22 with odometer", 0x78, "22" FIX CELL "00 00 00 00012345",
	  POSITION("22") SAYS
	  ",'attributes':{'type':34,'ignition':false,'event':0,"
	  "'archive':false,'odometer':74565}" LBS "}]" },
	/* 47 = 1 + 18 + 9 + 3 + 4 + 4 + 2 + 2 + 4; -1.23 degrees, 45 % */
	{ "22 of SEEWORLD", 0x78,
	  "22" FIX "01cc 02 25ef 0328e7a0 01 00 00 000003e8 00000000 807b 1194",
	  POSITION("22") SAYS
	  ",'attributes':{'type':34,'ignition':true,'odometer':1000,"
	  "'temp1':-1.23,'humidity':45.0},'cells':[{'mcc':460,'mnc':2,'lac':9711,"
	  "'cid':53012384}]}]" },
	{ "22 of XT40", 0x78,
	  "22 01" IMEI TIME FIX "08" CELL "06 04e3 29 33 00 02 00468b 000025",
	  "'device_id':" ID "," POSITION("22") SAYS
	  ",'attributes':{'type':34,'status':6,"
	  "'ignition':true,'charge':true,'blocked':false,'power':12.51,'battery':4.1,"
	  "'rssi':51,'odometer':18059,'hours':2220000}" LBS "}]" },
	{ "25 with a driver", 0x78,
	  "25 01" IMEI TIME FIX "0a 01cc 02 25ef 0328e7a0 04"
	  "06 04e3 29 33 05 02 000001 000001 04 01 abcdef",
	  "'device_id':" ID "," POSITION("25") SAYS
	  ",'attributes':{'type':37,'status':6,"
	  "'ignition':true,'charge':true,'blocked':false,'power':12.51,'battery':4.1,"
	  "'rssi':51,'alarm':'geofenceExit','odometer':1,'hours':60000,"
	  "'driverUniqueId':'abcdef'},'cells':[{'mcc':460,'mnc':2,'lac':9711,"
	  "'cid':53012384}]}]" },
	{ "heartbeat of GK310", 0x78, "23 05 0190 1f",
	  "'type':'heartbeat','keyword':'23','attributes':{'armed':true,'ignition':false,"
	  "'charge':true,'battery':4.0,'rssi':31}" },
	{ "... without the rest", 0x78, "23 02",
	  "'type':'heartbeat','keyword':'23','attributes':{'armed':false,'ignition':true,"
	  "'charge':false}" },
	/* 46 = 1 + 18 + 8 + 5 + 10 + 4 */
	{ "24 of SR411", 0x78,
	  "24" FIX CELL "01 04ed 0194 00000000000000000000",
	  POSITION("24") SAYS ",'attributes':{'ignition':true,'power':12.61,"
			      "'battery':4.04}" LBS "}]" },
	/* 49 = 1 + 6 + 1 + 3 + 1 + 6 * 5 + 3 + 4 */
	{ "24 of S20", 0x78,
	  "24" TIME "ff 01cc 02 05 25ef40e88c40 000000000000"
	  "000000000000 000000000000 000000000000 000000",
	  POSITION("24") WHEN "," NOT ",'cells':[{'mcc':460,'mnc':2,'lac':9711,"
			      "'cid':4253836,'rssi':-64}]}]" },
	{ "cells of 2C, access points", 0x78,
	  "2c" TIME "01cc 02 25ef40e88c40"
	  "000000000000 000000000000 000000000000 000000000000 000000000000"
	  "000000000000 ff 01 0102030405ff 4d",
	  POSITION("2C") WHEN
	  "," NOT ",'cells':[{'mcc':460,'mnc':2,'lac':9711,"
	  "'cid':4253836,'rssi':-64}],'wifi':[{'mac':'01:02:03:04:05:ff','rssi':-77}]}]" },
	{ "cells of 33", 0x78,
	  "33" TIME "01cc 02 25ef0328e7a040"
	  "00000000000000 00000000000000 00000000000000 00000000000000"
	  "00000000000000 ff 01 0102030405ff 4d",
	  POSITION("33") WHEN
	  "," NOT ",'cells':[{'mcc':460,'mnc':2,'lac':9711,"
	  "'cid':53012384,'rssi':-64}],'wifi':[{'mac':'01:02:03:04:05:ff','rssi':-77}]}]" },
	/* 42 = 1 + 18 + 14 + 3 + 2 + 4; 0x02af = 687 m */
	{ "31 of SL4X", 0x78,
	  "31" FIX "01cc 0002 25ef 000000000a6f2401 01 00 00 02af",
	  POSITION("31") SAYS
	  ",'altitude_m':687.0,'attributes':{'type':49,'ignition':true,"
	  "'event':0,'archive':false},'cells':[{'mcc':460,'mnc':2,'lac':9711,"
	  "'cid':175055873}]}]" },
	/* 41 = 1 + 18 + 1 + 10 + 5 + 2 + 4; 39 with a cell of 8 bytes */
	{ "32 of SL4X", 0x78,
	  "32" FIX "0a 01cc 0002 25ef 0328e7a0" STATE "00 02 ffff",
	  ALARM("32") SAYS
	  ",'altitude_m':-1.0,'attributes':{'type':50," STATE_SAYS "},"
	  "'cells':[{'mcc':460,'mnc':2,'lac':9711,'cid':53012384}]}]" },
	{ "32 of SL4X in 2G", 0x78, "32" FIX "08" CELL STATE "01 02 0064",
	  ALARM("32") SAYS
	  ",'altitude_m':100.0,'attributes':{'type':50," STATE_SAYS ","
	  "'alarm':'sos'}" LBS "}]" },
	/* two inputs: bits 20 to 23 are 2 */
	{ "34", 0x78,
	  "34 00000000" FIX "0000 000003e8 01cc 02 25ef 0328e7a0 0012d687"
	  "04c3 01a4 42210000 02 01 01c0 0001",
	  POSITION("34") SAYS
	  ",'attributes':{'odometer':1000,'driverUniqueId':'1234567',"
	  "'battery':12.19,'power':4.2,'input':2,'output':1,'adc1':4.48,'adc2':0.01},"
	  "'cells':[{'mcc':460,'mnc':2,'lac':9711,'cid':53012384}]}]" },
	/* 55 = 1 + 6 + 1 + 4 + 5 * 7 + 4 + 4 */
	{ "34 of SL4X", 0x78,
	  "34" TIME "ff 01cc 0002 25ef0328e7a040 00000000000000"
	  "00000000000000 00000000000000 00000000000000 00000000",
	  POSITION("34") WHEN "," NOT ",'cells':[{'mcc':460,'mnc':2,'lac':9711,"
			      "'cid':53012384,'rssi':-64}]}]" },
	{ "36", 0x78,
	  "36" STATE "0102 0018 02 0190 0032 01 03 00ff 02 ffff 006a 01 64",
	  "'type':'heartbeat','keyword':'36','attributes':{'type':54,"
	  "'status':70,'ignition':true,'charge':true,'blocked':false,"
	  "'batteryLevel':100,'rssi':4,'alarm':'sos','battery':4.0,'startupStatus':3}" },
	/* 53 = 1 + 18 + 9 + 3 + 4 + 2 + 1 + 3 + 8 + 4 */
	{ "36 of VL103", 0x78,
	  "36" FIX "01cc 02 25ef 0328e7a0 01 05 00 000003e8 0514 28"
	  "000006 0a0b000000000cfe",
	  POSITION("36") SAYS
	  ",'attributes':{'ignition':true,'uploadMode':5,"
	  "'archive':false,'odometer':1000,'power':13.0,'battery':4.0,'hours':360000,"
	  "'driverUniqueId':'0a0b000000000cfe'},'cells':[{'mcc':460,'mnc':2,'lac':9711,"
	  "'cid':53012384}]}]" },
	{ "37", 0x78,
	  "37" FIX CELL "00 02 01 002e 04 00002328 003b 02 17c0 0027 02 04e3",
	  POSITION("37") SAYS
	  ",'accuracy_m':60.8,'attributes':{'type':55,'ignition':false,"
	  "'event':2,'archive':true,'odometer':9000,'power':12.51}" LBS "}]" },
	{ "38 in 2G", 0x78, "38" FIX "00 00 02" CELL "40",
	  POSITION("38") SAYS LBS "}]" },
	{ "38 in 4G", 0x78, "38" FIX "00 00 03" CELL_4G "0040",
	  POSITION("38") SAYS LBS_4G "}]" },
	{ "39", 0x78, "39" FIX "03" CELL_4G "0040" STATE "0b 12 0018 02 0190",
	  ALARM("39") SAYS ",'attributes':{'type':57," STATE_SAYS
			   ",'alarm':'jamming',"
			   "'battery':4.0}" LBS_4G "}]" },
	/* 1795249815 s since 1970 is 0x6b015697; 2981 tenths of a kelvin less
	 * 273.1 is 25.0 */
	{ "battery", 0x78,
	  "40 0000000000000000 6b015697 5a 1000 50 2000 63 0ba5 0010"
	  "1068 0007 0e74000000000000000000000000000000000000000000000000 0e74"
	  "0001 0002 42413132000000000000000000000000 0102 4d414b455200000000000000"
	  "00000000 00000001 00000002 00000003",
	  STATUS("40") ",'positions':[{" WHEN "," NOT ",'attributes':{"
		       "'relativeCapacity':90,'remainingCapacity':4096,'absoluteCapacity':80,"
		       "'fullCapacity':8192,'batteryHealth':99,'batteryTemp':25.0,'current':16,"
		       "'battery':4.2,'cycleIndex':7,'batteryCell1':3.7,'batteryCell2':0.0,"
		       "'batteryCell3':0.0,'batteryCell4':0.0,'batteryCell5':0.0,"
		       "'batteryCell6':0.0,'batteryCell7':0.0,'batteryCell8':0.0,"
		       "'batteryCell9':0.0,'batteryCell10':0.0,'batteryCell11':0.0,"
		       "'batteryCell12':0.0,'batteryCell13':0.0,'batteryCell14':3.7,"
		       "'currentChargeInterval':1,'maxChargeInterval':2,'barcode':'BA12',"
		       "'batteryVersion':258,'manufacturer':'MAKER','batteryStatus':1,"
		       "'controllerStatus':2,'controllerFault':3}}]" },
	{ "61", 0x78, "61" IMEI FIX "01cc 02 25ef 0328e7a0 0000075bcd15",
	  "'device_id':" ID "," POSITION("61") SAYS
	  ",'attributes':{"
	  "'driverUniqueId':'123456789'},'cells':[{'mcc':460,'mnc':2,'lac':9711,"
	  "'cid':53012384}]}]" },
	{ "power", 0x78, "94 04e3",
	  STATUS("94") ",'attributes':{'power':12.51}" },
	{ "event", 0x78, "95" TIME "90",
	  ALARM("95") WHEN "," NOT ",'attributes':{'event':144,"
			   "'alarm':'hardAcceleration'}}]" },
	{ "event with fix", 0x78,
	  "95" TIME "02857260 0c268110 150e 01 0007 612e6d7034",
	  ALARM("95") SAYS_WITH("") ",'attributes':{'event':1,'alarm':'sos',"
				    "'eventData':7,'eventFiles':'a.mp4'}}]" },
	{ "event of JC400", 0x78,
	  "95 ffff 01" TIME "0c 02857260 0c268110 150e 0045 007b 87 0000",
	  ALARM("95") SAYS ",'attributes':{'power':12.3,'event':135,"
			   "'alarm':'overspeed','eventData':0}}]" },
	{ "A0", 0x78, "a0" FIX CELL_4G "01 00 01",
	  POSITION("A0") SAYS ",'attributes':{'type':160,'ignition':true,"
			      "'archive':true}" LBS_4G "}]" },
	{ "A0, not kept", 0x78, "a0" FIX CELL_4G "01 00 00 000003e8",
	  POSITION("A0") SAYS ",'attributes':{'type':160,'ignition':true,"
			      "'odometer':1000}" LBS_4G "}]" },
	{ "A1", 0x78,
	  "a1" TIME "81cc0104 00012345 000000000a6f2401 40"
	  "00000000 0000000000000000 00 00000000 0000000000000000 00"
	  "00000000 0000000000000000 00 00000000 0000000000000000 00"
	  "00000000 0000000000000000 00 00000000 0000000000000000 00 ff 0002",
	  POSITION("A1") WHEN "," NOT
			      ",'cells':[{'mcc':460,'mnc':260,'lac':74565,"
			      "'cid':175055873,'rssi':-64}]}]" },
	/* 64 = 1 + 18 + 15 + 1 + 7 + 4 + 4 + 8 + 2 + 4 */
	{ "A2 of LW4G", 0x78,
	  "a2" FIX "01cc 02 00012345 000000000a6f2401 05"
	  "46 04e3 03 04 03 02 000003e8 00000064" IMEI "00c8",
	  "'device_id':" ID "," POSITION("A2") SAYS
	  ",'attributes':{'type':162," STATE_SAYS
	  ",'power':12.51,'alarm':'vibration','odometer':1000,"
	  "'hours':100000,'input':200},'cells':[{'mcc':460,'mnc':2,'lac':74565,"
	  "'cid':175055873}]}]" },
	{ "A3", 0x78, "a3" FIX "11" CELL_4G STATE "09 02",
	  ALARM("A3") SAYS ",'attributes':{'type':163," STATE_SAYS
			   ",'alarm':'vibration'}" LBS_4G "}]" },
	{ "A3 in 2G", 0x78, "a3" FIX "09" CELL STATE "09 02",
	  ALARM("A3") SAYS ",'attributes':{'type':163," STATE_SAYS
			   ",'alarm':'vibration'}" LBS "}]" },
	/* 12 = 1 + 7 + 4 */
	{ "A3 of GL21L", 0x78, "a3" STATE "06 01 00 01",
	  "'type':'alarm','keyword':'A3','attributes':{'type':163," STATE_SAYS
	  ","
	  "'alarm':'overspeed','archive':true}" },
	{ "A4", 0x78,
	  "a4" FIX "10 01cc 02 00012345 000000000a6f2401" STATE "19 00 07",
	  ALARM("A4") SAYS
	  ",'attributes':{'type':164," STATE_SAYS ",'alarm':'lowBattery',"
	  "'geofence':7},'cells':[{'mcc':460,'mnc':2,'lac':74565,'cid':175055873}]}]" },
	{ "A5", 0x78, "a5" CELL_4G STATE "18 02",
	  ALARM("A5") NOT ",'attributes':{'type':165," STATE_SAYS
			  ",'alarm':'removing'}" LBS_4G "}]" },
	{ "A7", 0x78,
	  "a7" CELL_4G "2b3132333400000000000000000000000000000000 0001",
	  "'type':'command','keyword':'A7','positions':[{" NOT
	  ",'attributes':{'type':167,"
	  "'phone':'+1234'}" LBS_4G "}]" },
	{ "A9", 0x78,
	  "a9" TIME "01cc 02 01 01 00012345 000000000a6f2401 40 ff"
	  "01 0102030405ff 4d 01 02",
	  ALARM("A9") WHEN
	  "," NOT ",'attributes':{'alarm':'sos'},'cells':[{'mcc':460,"
	  "'mnc':2,'lac':74565,'cid':175055873,'rssi':-64}],'wifi':[{"
	  "'mac':'01:02:03:04:05:ff','rssi':-77}]}]" },
	/* -60; clock: bits 2 to 5 of 0x08 are 2 */
	{ "B2", 0x78,
	  "b2" TIME "c4 0102030405ff 000102030405060708090a0b0c0d0e0f"
	  "0102 0304 0136 08",
	  STATUS("B2") ",'positions':[{" WHEN "," NOT
		       ",'attributes':{'rssi':-60,"
		       "'tag1Mac':'0102030405ff','tag1Uuid':'000102030405060708090a0b0c0d0e0f',"
		       "'tag1Major':258,'tag1Minor':772,'tag1Battery':3.1,'clock':2}}]" },
	{ "F3", 0x78, "f3" TIME "02 0000 0102030405ff 0000 0a0b0c0d0e0f",
	  POSITION("F3") WHEN "," NOT ",'wifi':[{'mac':'01:02:03:04:05:ff'},{"
			      "'mac':'0a:0b:0c:0d:0e:0f'}]}]" },
	/* asks for the address of its fix: no position of the tracker's track
	 */
	{ "2A", 0x78,
	  "2a" FIX "31323334350000000000000000000000000000000000 01",
	  "'type':'command','keyword':'2A'" },
	{ "8A", 0x78, "8a", "'type':'command','keyword':'8A'" },
	{ "35", 0x78, "35" FIX, "'type':'media','keyword':'35'" },
	{ "not described", 0x78, "77 0102", "'type':'unknown','keyword':'77'" },
};

/* What servers say. */
static const struct row answers[] = {
	{ "acknowledged", 0x78, "13", "'type':'reply','keyword':'13'" },
	{ "the time", 0x78, "8a" TIME, "'type':'reply','keyword':'8A'" },
	{ "command", 0x78, "80 0b 00000001 52454c41592c31 0002",
	  "'type':'command','keyword':'80','attributes':{'command':'RELAY,1'}" },
	{ "command of a wrong length", 0x78,
	  "80 ff 00000001 52454c41592c31 0002",
	  "'type':'command','keyword':'80'" },
	{ "address", 0x79, "97 0d 00000000 4e4126264e41262623",
	  "'type':'reply','keyword':'97','attributes':{'result':'NA&&NA&&#'}" },
	{ "part of a picture wanted", 0x78, "36 00000001 00000000 0400",
	  "'type':'command','keyword':'36'" },
	{ "done", 0, "787800 69 261121083015 0d0a",
	  "'length_ok':false,'checksum_ok':false,'type':'reply','keyword':'69'" },
};

static void messages(void **state)
{
	(void)state;
	check_rows(rows, WS_ARRAY_LEN(rows), BASE_CLIENT);
	check_rows(answers, WS_ARRAY_LEN(answers), BASE_SERVER);
}

/* 12 with other bytes from `at` on, which counts from the type. */
static const struct {
	size_t at;
	const char *hex, *path, *json;
} mutations[] = {
	{ 1, "18 02 1d 17 3b 3b", "time", "'2024-02-29T23:59:59.000Z'" },
	{ 1, "00 01 01 00 00 00", "time", "'2000-01-01T00:00:00.000Z'" },
	/* February 30 is March 1, month 0 the December before */
	{ 1, "18 02 1e", "time", "'2024-03-01T08:30:15.000Z'" },
	{ 1, "18 00 01", "time", "'2023-12-01T08:30:15.000Z'" },
	{ 7, "c0", "satellites", "0" },
	{ 7, "0f", "satellites", "15" },
	/* 46.75 * 1800000 = 84150000 = 0x050406f0; 90 and 180 degrees */
	{ 8, "050406f0", "lat", "46.75" },
	{ 8, "09a7ec80", "lat", "90.0" },
	{ 8, "09a7ec81", "lat", NULL },
	{ 8, "00000000", "lat", "0.0" },
	{ 12, "134fd900", "lon", "180.0" },
	{ 12, "134fd901", "lon", NULL },
	{ 16, "00", "speed_kmh", "0.0" },
	{ 16, "ff", "speed_kmh", "255.0" },
	/* bit 10 away: south; bit 11: west */
	{ 17, "110e", "lat", "-23.5" },
	{ 17, "1d0e", "lon", "-113.25" },
	{ 17, "1d0e", "lat", "23.5" },
	{ 17, "050e", "valid", "false" },
	{ 17, "150e", "valid", "true" },
	{ 17, "1400", "course_deg", "0.0" },
	{ 17, "1568", "course_deg", "360.0" },
	{ 17, "1569", "course_deg", NULL },
	/* bit 14: bit 15 is the ignition */
	{ 17, "550e", "attributes.ignition", "false" },
	{ 17, "d50e", "attributes.ignition", "true" },
	{ 17, "950e", "attributes.ignition", NULL },
	{ 19, "01cd", "cells.0.mcc", "461" },
	{ 21, "ff", "cells.0.mnc", "255" },
	{ 22, "ffff", "cells.0.lac", "65535" },
	{ 24, "000001", "cells.0.cid", "1" },
	/* none: the area and the cell are zero */
	{ 22, "0000000000", "cells", NULL },
};

/* The member of this path of the first position. */
static const json_t *member(const json_t *v, const char *path)
{
	char copy[64], *rest = copy, *key;

	assert_true(snprintf(copy, sizeof(copy), "positions.0.%s", path) <
		    (int)sizeof(copy));
	while (v && (key = strsep(&rest, ".")))
		v = json_is_array(v) ? json_array_get(v, strtoul(key, NULL, 10))
				     : json_object_get(v, key);
	return v;
}

static void mutated(void **state)
{
	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(mutations); i++) {
		const char *text = mutations[i].json;
		struct bytes *b = bytes_new();
		json_t *want = NULL, *all;
		uint16_t sum;
		size_t len;

		bytes_message(b, 0x78, "12" FIX CELL);
		len = b->len;
		b->len = 3 + mutations[i].at;
		bytes_add(b, mutations[i].hex);
		b->len = len;
		sum = bitwise_crc(b->at + 2, len - 6);
		b->at[len - 4] = (uint8_t)(sum >> 8);
		b->at[len - 3] = (uint8_t)sum;
		if (text) {
			char pair[80];

			assert_true(snprintf(pair, sizeof(pair), "'v':%s",
					     text) < (int)sizeof(pair));
			want = expected(pair);
		}
		all = document_of(bytes_span(b), BASE_CLIENT);
		assert_true(json_is_true(json_object_get(all, "checksum_ok")));
		if (text ? !json_equal(member(all, mutations[i].path),
				       json_object_get(want, "v"))
			 : member(all, mutations[i].path) != NULL)
			fail_msg("%s %s: %s", mutations[i].path,
				 mutations[i].hex,
				 json_dumps(all, JSON_COMPACT));
		json_decref(all);
		json_decref(want);
	}
}

static const struct {
	unsigned code;
	const char *alarm;
} alarms[] = {
	{ 0x00, NULL },
	{ 0x01, "sos" },
	{ 0x02, "powerCut" },
	{ 0x03, "vibration" },
	{ 0x04, "geofenceEnter" },
	{ 0x05, "geofenceExit" },
	{ 0x06, "overspeed" },
	{ 0x0a, NULL },
	{ 0x0e, "lowBattery" },
	{ 0x11, "powerOff" },
	{ 0x13, "tampering" },
	{ 0x14, "door" },
	{ 0x19, "lowBattery" },
	{ 0x23, "fallDown" },
	{ 0x29, "hardAcceleration" },
	{ 0x2a, "hardCornering" },
	{ 0x2c, "accident" },
	{ 0x1a, "hardBraking" },
	{ 0x30, "jamming" },
	{ 0x33, "lock" },
	{ 0x34, "unlock" },
	{ 0x53, "fuelLeak" },
	{ 0x5b, "temperature" },
	{ 0xc9, "idle" },
	{ 0xff, NULL },
};

static void alarms_of_a_state(void **state)
{
	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(alarms); i++) {
		struct bytes *b = bytes_new();
		const json_t *got;
		char hex[40];
		json_t *all;

		assert_true(snprintf(hex, sizeof(hex), "13 00 00 00 %02x 02",
				     alarms[i].code) < (int)sizeof(hex));
		bytes_message(b, 0x78, hex);
		all = document_of(bytes_span(b), BASE_CLIENT);
		got = json_object_get(json_object_get(all, "attributes"),
				      "alarm");
		if (alarms[i].alarm)
			assert_string_equal(json_string_value(got),
					    alarms[i].alarm);
		else
			assert_null(got);
		json_decref(all);
	}
}

/* A content that is cut says no more than is there, and its fix only whole. */
static void cut_contents(void **state)
{
	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		static struct bytes whole;

		if (!rows[i].start)
			continue;
		whole.len = 0;
		bytes_add(&whole, rows[i].hex);
		for (size_t len = 1; len < whole.len; len++) {
			struct bytes *b = bytes_new();
			uint16_t sum;

			bytes_add(b, "7878");
			bytes_put(b, (unsigned)len + 4);
			memcpy(b->at + b->len, whole.at, len);
			b->len += len;
			bytes_add(b, "1234");
			sum = bitwise_crc(b->at + 2, b->len - 2);
			bytes_put(b, sum >> 8);
			bytes_put(b, sum & 0xff);
			bytes_add(b, "0d0a");
			json_decref(document_of(bytes_span(b), BASE_CLIENT));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages),
		cmocka_unit_test(mutated),
		cmocka_unit_test(alarms_of_a_state),
		cmocka_unit_test(cut_contents),
	};

	return event_test_run(tests);
}
